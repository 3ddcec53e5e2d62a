import { type RawBuilder, sql } from 'kysely';

/** The last row of the page before, of a list by `created_at` and `id`. */
export type Before = { readonly createdAt: Date; readonly id: string };

/** Whether a row stands behind it in a list that begins with the newest; every row does where there is no page before. */
export function isBehind(before: Before | null): RawBuilder<boolean> {
  return before === null ? sql<boolean>`true` : sql<boolean>`(created_at, id) < (${before.createdAt}, ${before.id})`;
}
