/** As pgvector reads it. */
export function vectorText(vector: readonly number[]): string {
  return `[${vector.join(',')}]`;
}
