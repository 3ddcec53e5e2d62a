import { sql } from 'kysely';
import type { Db } from '../../../platform/database/database.ts';

export async function registerWorker(db: Db, worker: { id: string; host: string; leaseMs: number }): Promise<void> {
  await db
    .insertInto('platform.worker')
    .values({ id: worker.id, host: worker.host, lease_until: leaseEnd(worker.leaseMs) as never })
    .execute();
}

/** Renews a worker's lease. False: it was taken over, so the worker must drop what it holds. The database's clock counts. */
export async function renewLease(db: Db, workerId: string, leaseMs: number): Promise<boolean> {
  const result = await db
    .updateTable('platform.worker')
    .set({ lease_until: leaseEnd(leaseMs) as never })
    .where('id', '=', workerId)
    .where('adopted_by', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function endLease(db: Db, workerId: string): Promise<void> {
  await db
    .updateTable('platform.worker')
    .set({ lease_until: sql<Date>`clock_timestamp() - interval '1 second'` as never })
    .where('id', '=', workerId)
    .execute();
}

function leaseEnd(leaseMs: number) {
  return sql<Date>`clock_timestamp() + ${leaseMs} * interval '1 millisecond'`;
}

export async function noteWorkerTenant(db: Db, workerId: string, tenant: { id: string; slug: string }): Promise<void> {
  await db
    .insertInto('platform.worker_tenant')
    .values({ worker_id: workerId, tenant_id: tenant.id, tenant_slug: tenant.slug })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function removeWorker(db: Db, workerId: string): Promise<void> {
  await db.deleteFrom('platform.worker').where('id', '=', workerId).execute();
}

/** Every other worker with the end of its lease, exact to the microsecond, for comparison only. */
export async function listOtherWorkers(db: Db, own: string): Promise<{ id: string; leaseUntil: string }[]> {
  return db
    .selectFrom('platform.worker')
    .select(['id', sql<string>`lease_until::text`.as('leaseUntil')])
    .where('id', '!=', own)
    .execute();
}

/**
 * Claims one worker whose lease has ended, or that is one of the `silent` ones and still is, for as long as its runs are being taken over; if that fails, another process
 * claims it after `leaseMs`. `others` counts every other worker as dead: right where one process alone can have the database.
 */
export async function claimDeadWorker(
  db: Db,
  own: string,
  options: { leaseMs: number; others: boolean; silent: readonly { id: string; leaseUntil: string }[] },
): Promise<string | null> {
  const dead = db
    .selectFrom('platform.worker')
    .select('id')
    .where('id', '!=', own)
    .$if(!options.others, (query) =>
      query.where((eb) =>
        eb.or([
          eb('lease_until', '<', sql<Date>`clock_timestamp()`),
          ...options.silent.map(({ id, leaseUntil }) =>
            eb.and([eb('id', '=', id), eb(sql<string>`lease_until::text`, '=', leaseUntil)]),
          ),
        ]),
      ),
    )
    .orderBy('lease_until')
    .limit(1)
    .forUpdate()
    .skipLocked();
  const claimed = await db
    .updateTable('platform.worker')
    .set({ adopted_by: own, lease_until: leaseEnd(options.leaseMs) as never })
    .where('id', '=', dead)
    .returning('id')
    .executeTakeFirst();
  return claimed?.id ?? null;
}

export async function listWorkerTenants(db: Db, workerId: string): Promise<{ id: string; slug: string }[]> {
  return db
    .selectFrom('platform.worker_tenant')
    .select(['tenant_id as id', 'tenant_slug as slug'])
    .where('worker_id', '=', workerId)
    .execute();
}

export async function workerExists(db: Db, workerId: string): Promise<boolean> {
  const row = await db.selectFrom('platform.worker').select('id').where('id', '=', workerId).executeTakeFirst();
  return row !== undefined;
}
