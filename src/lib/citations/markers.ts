import type { Span } from '../chunking/block.ts';
import { blankCode } from './blank-code.ts';

/** One or more markers side by side, such as `[1][3]` or `[1, 3]`: together they vouch for one claim. */
export type MarkerGroup = Span & { numbers: readonly number[] };

/** `[1]`, `[1, 2]`, `[1-3]`, and the brackets that some models are trained on: `【1】`, `【1†source】`. */
const MARKER = /\[(\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*)\](?!\(|:\s)|【(\d{1,4})(?:[:†][^】\n]{0,80})?】/gu;
/** An answer with more citations than this is not one; it bounds the work on it. */
const MOST_GROUPS = 300;
/** No honest range is longer. */
const LONGEST_RANGE = 20;

/** The markers of an answer in order, those in code left out. */
export function findMarkers(answer: string): MarkerGroup[] {
  const groups: MarkerGroup[] = [];
  for (const match of blankCode(answer).matchAll(MARKER)) {
    const start = match.index;
    const end = start + match[0].length;
    const numbers = numbersOf(match[1] ?? match[2] ?? '');
    const last = groups.at(-1);
    if (last && /^[^\S\n]*$/.test(answer.slice(last.end, start)))
      groups[groups.length - 1] = { start: last.start, end, numbers: [...new Set([...last.numbers, ...numbers])] };
    else groups.push({ start, end, numbers });
  }
  return groups.slice(0, MOST_GROUPS);
}

function numbersOf(list: string): number[] {
  const numbers = list.split(/\s*[,;]\s*/).flatMap((part) => {
    const [from = 0, to = from] = part.split(/\s*[–-]\s*/).map(Number);
    return Array.from({ length: Math.min(Math.max(to - from, 0), LONGEST_RANGE) + 1 }, (_, index) => from + index);
  });
  return [...new Set(numbers)];
}
