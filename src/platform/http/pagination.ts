import { type Static, Type } from 'typebox';
import { requestErrors } from './errors.ts';

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Entries in the answer.' })),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 500, description: '`next_cursor` of the page before this one.' }),
  ),
};

export const PageQuery = Type.Object(pageQuery, { additionalProperties: false });
export type PageQuery = Static<typeof PageQuery>;

/** The key of the last row that was sent. Opaque to clients: base64url of a JSON array. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The key in a cursor. `kinds` says what each part must be, since clients may send anything.
 * @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function decodeCursor<Kinds extends readonly ('string' | 'number')[]>(
  cursor: string,
  kinds: Kinds,
): { [Index in keyof Kinds]: Kinds[Index] extends 'string' ? string : number } {
  const key = parse(cursor);
  if (!Array.isArray(key) || key.length !== kinds.length || key.some((part, index) => typeof part !== kinds[index])) {
    const message = 'is not a cursor that this list gave; leave it out to start again';
    throw requestErrors.invalid(`cursor ${message}`, { fields: [{ field: 'cursor', message }] });
  }
  return key as { [Index in keyof Kinds]: Kinds[Index] extends 'string' ? string : number };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/** One page out of rows that were read with `limit + 1`. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
  keyOf: (row: Row) => readonly (string | number)[],
): { data: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(present),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
