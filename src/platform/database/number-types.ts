import pg from 'pg';

/** Oids of pg_type. */
const INT8 = 20;
const NUMERIC = 1700;

/** Numbers as JavaScript numbers: int8 exactly, or an error beyond ±(2^53 − 1), where a number would silently become
 * another; numeric to the 15 to 17 digits that a double has. Whoever needs more selects the column `::text`. */
export const numberTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return exactInteger;
    return oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

function exactInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`The bigint ${text} does not fit a JavaScript number. Select it with ::text.`);
}
