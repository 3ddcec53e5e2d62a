import { someRandomBytes } from '../random.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);

/** The `traceparent` of our own span: in the caller's trace when it sent a valid one, else in a new one (W3C Trace Context). */
export function childTrace(parent: string | readonly string[] | undefined): string {
  const match = typeof parent === 'string' ? TRACEPARENT.exec(parent) : null;
  const [, traceId, spanId, flags] = match ?? [];
  const isNew = !traceId || traceId === ZERO_TRACE || spanId === ZERO_SPAN;
  const random = someRandomBytes(isNew ? 24 : 8).toString('hex');
  const span = random.slice(0, 16);
  if (isNew) return `00-${random.slice(16)}-${span}-01`;
  return `00-${traceId}-${span}-${flags}`;
}
