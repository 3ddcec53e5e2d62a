import { detectCharset } from './charset.ts';
import { decode } from './code-pages.ts';
import { plausibility } from './plausibility.ts';

const SAMPLE = 16 * 1024;
/** Control characters that text has none of; terminals' colours and old line printers' marks allow for a few. */
const MOST_CONTROLS = 0.02;
/** Text in any charset that we know scores above this. */
const LEAST_PLAUSIBILITY = -4;

/** Whether bytes without a known signature are anything but text. */
export function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  const charset = detectCharset(sample);
  const text = decode(sample, charset);
  const controls = text.match(/[^\P{Cc}\t\n\v\f\r]/gu)?.length ?? 0;
  if (controls > MOST_CONTROLS * text.length) return true;
  return !charset.startsWith('utf') && plausibility(text) < LEAST_PLAUSIBILITY;
}
