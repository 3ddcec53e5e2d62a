import { requestErrors } from '../../platform/http/errors.ts';
import { decodeCursor } from '../../platform/http/pagination.ts';
import { isId } from '../../platform/id.ts';

/** The last row of the page before, in a list by time of creation; null for the first page.
 * @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function pageKey(cursor: string | undefined): { createdAt: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [time, id] = decodeCursor(cursor, ['string', 'string'] as const);
  const createdAt = new Date(time);
  if (!Number.isNaN(createdAt.getTime()) && isId(id)) return { createdAt, id };
  const message = 'is not a cursor that this list gave; leave it out to start again';
  throw requestErrors.invalid(`cursor ${message}`, { fields: [{ field: 'cursor', message }] });
}

/** As `pageOf` wants it. */
export function keyOf(row: { created_at: Date; id: string }): readonly string[] {
  return [row.created_at.toISOString(), row.id];
}
