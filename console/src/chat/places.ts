import type { Citation } from '../api/types.ts';

/** Where in its document a citation stands: the headings above it, the widest first, and the page. */
export function placesOf({ title, heading_path, page }: Citation): string[] {
  // Many documents begin with their own title as the widest heading, which says nothing new.
  const headings = heading_path.filter((heading, depth) => depth > 0 || heading.trim() !== title.trim());
  return [...headings, ...(page === null ? [] : [`page ${page}`])];
}
