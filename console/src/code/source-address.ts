/** Where a line is to be read at its host. `root` is an analysis's `source_root`. */
export function sourceAddress(root: string | null, path: string, line: number | null): string | null {
  if (root === null) return null;
  const encoded = path.split('/').map((part) => encodeURIComponent(part.toWellFormed()));
  return `${root}${encoded.join('/')}${line === null ? '' : `#L${line}`}`;
}
