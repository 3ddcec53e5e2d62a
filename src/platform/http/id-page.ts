import { isId } from '../id.ts';
import { requestErrors } from './errors.ts';
import { decodeCursor, type PageQuery } from './pagination.ts';

/** A page of a list that is in order of id. */
export type IdPage = { limit: number; after: string | null };

const DEFAULT_LIMIT = 20;

/** @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function pageFrom({ limit = DEFAULT_LIMIT, cursor }: PageQuery): IdPage {
  if (cursor === undefined) return { limit, after: null };
  const [after] = decodeCursor(cursor, ['string'] as const);
  if (isId(after)) return { limit, after };
  const message = 'is not a cursor that this list gave; leave it out to start again';
  throw requestErrors.invalid(`cursor ${message}`, { fields: [{ field: 'cursor', message }] });
}
