import { CompiledQuery } from 'kysely';

/**
 * Sent before others of a transaction: they find rows by the keys of an index, one by one. It is for statements that take a
 * few rows by their keys from tables in which rows come, change and go all the time. By statistics, which are always behind
 * there, the planner would read such a table whole, or a small partial index with all its dead entries, and a prepared
 * statement keeps the plan that it was given.
 */
export const findByKeys: CompiledQuery = CompiledQuery.raw(
  `SELECT ${['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'material'].map((way) => `set_config('enable_${way}', 'off', true)`).join(', ')}`,
);
