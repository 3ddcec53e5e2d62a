import { decodeCursor, type PageQuery } from './pagination.ts';

/** A page of a list that is in order of id. */
export type IdPage = { limit: number; after: string | null };

const DEFAULT_LIMIT = 20;

/** @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function pageFrom({ limit = DEFAULT_LIMIT, cursor }: PageQuery): IdPage {
  if (cursor === undefined) return { limit, after: null };
  const [after] = decodeCursor(cursor, ['id'] as const);
  return { limit, after };
}
