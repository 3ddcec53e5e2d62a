import { createHash } from 'node:crypto';
import type { Database, Db, PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';
import { asInstallation } from '../../../platform/database/database.ts';
import { type Act, contentOf, entryOf } from './act.ts';
import * as store from './audit.store.ts';

export type AuditFilter = store.EntryFilter;
export type AuditEntry = store.EntryRow;

/**
 * Writes an act into the audit log, in the transaction of the act: both are there, or neither. Call it last: acts of the
 * same tenant wait for each other from here to the end of the transaction. A tenant's transaction may call it, too.
 */
export async function recordAct(
  trx: PlatformTransaction | TenantTransaction,
  act: Act,
  at: Date = new Date(),
): Promise<void> {
  const entry = entryOf(act, at);
  await asInstallation(trx, () => store.appendEntry(trx, entry, contentOf(entry)));
}

export type AuditPage = { before: string | null; limit: number };

/** Entries that fit, newest first, one more than the limit if there is one. */
export function listAudit(database: Database, filter: store.EntryFilter, page: AuditPage): Promise<store.EntryRow[]> {
  return store.listEntries(database.db, filter, { before: page.before, count: page.limit + 1 });
}

const EXPORTED_AT_ONCE = 500;

/** All entries that fit, newest first, some at a time, so that a long log needs little memory. */
export async function* exportAudit(
  database: Database,
  filter: store.EntryFilter,
  signal: AbortSignal,
): AsyncGenerator<store.EntryRow[]> {
  let before: string | null = null;
  while (!signal.aborted) {
    const rows: store.EntryRow[] = await store.listEntries(database.db, filter, { before, count: EXPORTED_AT_ONCE });
    if (rows.length > 0) yield rows;
    before = rows.at(-1)?.id ?? null;
    if (rows.length < EXPORTED_AT_ONCE) return;
  }
}

export type Integrity = {
  entries: number;
  /** Where the first log that was tampered with is broken; null when all is as it was written. */
  broken: { tenantId: string; number: number } | null;
};

/** Computes every hash again, for one tenant or, with null, for all. */
export async function verifyAudit(db: Db, tenantId: string | null, signal: AbortSignal): Promise<Integrity> {
  let entries = 0;
  for (const chain of await store.listChains(db, tenantId)) {
    const number = await firstBreak(db, chain, signal);
    if (number !== null) return { entries, broken: { tenantId: chain.tenant_id, number } };
    entries += chain.number;
  }
  return { entries, broken: null };
}

/** The number of the first entry of a log that is missing or was changed. What is appended meanwhile is not looked at. */
async function firstBreak(db: Db, chain: store.ChainRow, signal: AbortSignal): Promise<number | null> {
  let hash: Buffer = Buffer.alloc(0);
  let number = 0;
  while (number < chain.number) {
    signal.throwIfAborted();
    const rows = await store.readChain(db, chain.tenant_id, number, EXPORTED_AT_ONCE);
    if (rows.length === 0) return number + 1;
    for (const row of rows.slice(0, chain.number - number)) {
      hash = createHash('sha256').update(hash).update(contentOf(row)).digest();
      if (row.number !== number + 1 || !hash.equals(row.hash)) return number + 1;
      number += 1;
    }
  }
  return hash.equals(chain.hash) ? null : chain.number;
}
