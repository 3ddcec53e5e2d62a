import { type Static, Type } from 'typebox';
import { isId } from '../id.ts';
import { requestErrors } from './errors.ts';
import { isTime } from './time-format.ts';

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

/** What a part of a key is: a text or an integer, an id, or a time, which is a Date. */
export type KeyKind = 'string' | 'integer' | 'id' | 'time';
type PartOf<Kind extends KeyKind> = Kind extends 'integer' ? number : Kind extends 'time' ? Date : string;
type KeyOf<Kinds extends readonly KeyKind[]> = { [Index in keyof Kinds]: PartOf<Kinds[Index]> };

/** The key in a cursor. `kinds` says what each part must be, since clients may send anything, and databases take no text for
 * a time. @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function decodeCursor<Kinds extends readonly KeyKind[]>(cursor: string, kinds: Kinds): KeyOf<Kinds> {
  const key = parse(cursor);
  const fits = Array.isArray(key) && key.length === kinds.length;
  const parts = fits ? kinds.map((kind, at) => PARTS[kind](key[at])) : [null];
  if (parts.includes(null)) {
    const message = 'is not a cursor that this list gave; leave it out to start again';
    throw requestErrors.invalid(`cursor ${message}`, { fields: [{ field: 'cursor', message }] });
  }
  return parts as unknown as KeyOf<Kinds>;
}

/** Each gives null for what is none. */
const PARTS: { [Kind in KeyKind]: (part: unknown) => PartOf<Kind> | null } = {
  string: (part) => (typeof part === 'string' && part.isWellFormed() && !part.includes('\0') ? part : null),
  integer: (part) => (Number.isSafeInteger(part) ? (part as number) : null),
  id: (part) => (typeof part === 'string' && isId(part) ? part : null),
  time: (part) => (typeof part === 'string' && isTime(part) ? new Date(part) : null),
};

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
