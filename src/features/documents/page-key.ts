import { decodeCursor } from '../../platform/http/pagination.ts';

/** The last row of the page before, in a list by time of creation; null for the first page.
 * @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function pageKey(cursor: string | undefined): { createdAt: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [createdAt, id] = decodeCursor(cursor, ['time', 'id'] as const);
  return { createdAt, id };
}

/** As `pageOf` wants it. */
export function keyOf(row: { created_at: Date; id: string }): readonly string[] {
  return [row.created_at.toISOString(), row.id];
}
