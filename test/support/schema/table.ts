/** What both a TypeScript type and a database column say, so that the two can be compared. */
export type Column = {
  kind: ColumnKind;
  nullable: boolean;
  /** An insert may leave it out, and it is still not null. */
  hasDefault: boolean;
  /** The words that it may hold; null where it may hold any. */
  values: readonly string[] | null;
};

export type ColumnKind = 'string' | 'string[]' | 'number' | 'boolean' | 'date' | 'json' | 'bytes';

/** By table, then by column. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Column>>;

/** Every way in which the types and the database disagree, each as a sentence. */
export function compareTables(types: Tables, database: Tables): string[] {
  return [...new Set([...types.keys(), ...database.keys()])].sort().flatMap((table) => {
    const [typed, stored] = [types.get(table), database.get(table)];
    if (!stored) return [`${table} is in schema.ts and not in the database`];
    if (!typed) return [`${table} is in the database and not in schema.ts`];
    return compareColumns(table, typed, stored);
  });
}

function compareColumns(
  table: string,
  types: ReadonlyMap<string, Column>,
  database: ReadonlyMap<string, Column>,
): string[] {
  return [...new Set([...types.keys(), ...database.keys()])].sort().flatMap((column) => {
    const [typed, stored] = [types.get(column), database.get(column)];
    if (!stored) return [`${table}.${column} is in schema.ts and not in the database`];
    if (!typed) return [`${table}.${column} is in the database and not in schema.ts`];
    return differences(typed, stored).map((difference) => `${table}.${column} ${difference}`);
  });
}

function differences(typed: Column, stored: Column): string[] {
  const found: string[] = [];
  if (typed.kind !== stored.kind) found.push(`is ${typed.kind} in schema.ts and ${stored.kind} in the database`);
  if (typed.nullable !== stored.nullable) {
    found.push(typed.nullable ? 'may be null in schema.ts only' : 'may be null in the database only');
  }
  // The other way round is a choice: a type may ask for a value that the database could make.
  if (typed.hasDefault && !stored.hasDefault) found.push('may be left out by schema.ts, but has no default');
  // So is a list of words that the database does not check.
  const [words, checked] = [typed.values?.toSorted().join(', '), stored.values?.toSorted().join(', ')];
  if (checked !== undefined && checked !== words) {
    found.push(`holds ${words ?? 'any text'} in schema.ts and ${checked} in the database`);
  }
  return found;
}
