import { isId } from '../../platform/id.ts';

/** An id as OpenAI writes it, with the kind of the thing before it. */
export function prefixed(prefix: 'chatcmpl-' | 'resp_' | 'msg_' | 'conv_', id: string): string {
  return prefix + id;
}

/** Our id in one of theirs; null when it is none. */
export function unprefixed(prefix: 'resp_' | 'conv_' | 'msg_', id: string): string | null {
  const rest = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  return isId(rest) ? rest : null;
}

/** Seconds since 1970, as OpenAI counts time. */
export function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
