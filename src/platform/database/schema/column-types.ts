import type { ColumnType } from 'kysely';

/** Read as Date; written as Date; never written by accident once it has a default. */
export type Timestamp = ColumnType<Date, Date, Date>;
export type CreatedAt = ColumnType<Date, Date | undefined, never>;
export type DefaultedTimestamp = ColumnType<Date, Date | undefined, Date>;
/** Written as a JSON string, because node-postgres sends arrays as Postgres arrays. */
export type Json<T> = ColumnType<T, string, string>;
