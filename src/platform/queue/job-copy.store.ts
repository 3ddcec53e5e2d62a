import { sql } from 'kysely';
import type { Db } from '../database/database.ts';

/** A job that is still to be done, as it goes from one database to another. */
export type CopiedJob = { name: string; data: object; singletonKey: string | null; startAfter: string };

/** Jobs that wait, or that are being worked on: those are begun anew where they are copied to. */
export async function listUnfinishedJobs(trx: Db): Promise<CopiedJob[]> {
  const { rows } = await sql<{ job: CopiedJob }>`
    SELECT jsonb_build_object('name', name, 'data', data, 'singletonKey', singleton_key, 'startAfter', start_after) AS job
    FROM pgboss.job WHERE state IN ('created', 'retry', 'active') AND starts_with(name, '__pgboss__') IS FALSE
    ORDER BY created_on, id`.execute(trx);
  return rows.map(({ job }) => job);
}
