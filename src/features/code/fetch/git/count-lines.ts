/** As git looks for a NUL. */
const BINARY_HEAD = 8_000;

/**
 * How many lines a change added and removed: those that one side has more often than the other. Unlike git's own count it
 * takes a time in proportion to the files, whatever they hold; a line that only moved counts as neither.
 */
export function countLines(before: Buffer, after: Buffer): { added: number; removed: number } {
  if (isBinary(before) || isBinary(after)) return { added: 0, removed: 0 };
  const more = new Map<string, number>();
  for (const line of linesOf(after)) more.set(line, (more.get(line) ?? 0) + 1);
  for (const line of linesOf(before)) more.set(line, (more.get(line) ?? 0) - 1);
  let [added, removed] = [0, 0];
  for (const count of more.values()) {
    if (count > 0) added += count;
    else removed -= count;
  }
  return { added, removed };
}

function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, BINARY_HEAD).includes(0);
}

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
