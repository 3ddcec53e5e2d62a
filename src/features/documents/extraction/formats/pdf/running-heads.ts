import type { Line } from './page-lines.ts';

/** Fewer repetitions may be chance. */
const LEAST_PAGES = 4;
/** How many lines at each end of a page are looked at. */
const EDGE_LINES = 3;
const LONGEST = 120;

/**
 * Leaves out what is repeated at the head or foot of pages (titles, page numbers), but for its first appearance, so
 * that it does not stand between the halves of sentences a hundred times.
 */
export function withoutRunningHeads(pages: readonly (readonly Line[])[]): Line[][] {
  const counts = new Map<string, number>();
  for (const lines of pages)
    for (const key of new Set(edgeLines(lines).map(keyOf))) counts.set(key, (counts.get(key) ?? 0) + 1);
  const seen = new Set<string>();
  return pages.map((lines) => {
    const edges = new Set(edgeLines(lines));
    return lines.filter((line) => {
      const key = keyOf(line);
      if (!edges.has(line) || (counts.get(key) ?? 0) < LEAST_PAGES) return true;
      const isFirst = !seen.has(key);
      seen.add(key);
      return isFirst;
    });
  });
}

function edgeLines(lines: readonly Line[]): Line[] {
  const byHeight = [...lines].sort((left, right) => right.y - left.y);
  return [...byHeight.slice(0, EDGE_LINES), ...byHeight.slice(-EDGE_LINES)].filter(
    ({ text }) => text.length <= LONGEST,
  );
}

/** The same words, whatever the numbers, at the same height. */
function keyOf({ text, y }: Line): string {
  return `${Math.round(y / 3)} ${text.replace(/\d+/g, '0').replace(/\b[ivxlc]+\b/g, '0')}`;
}
