import { type CompiledQuery, type Database, databaseSpan } from '../../../platform/database/database.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import { traced } from '../../../platform/telemetry/tracing.ts';
import { gathered, inTenant, type QuotaOf, queryTenant, schemaOf, type Tenant } from '../../tenancy/index.ts';
import type { ExpiredSessions } from '../expired-sessions.ts';
import { takeSession } from '../session-quota.ts';
import { historyLimit } from './model-context.ts';
import { type HistoryRow, insertRuns, newestMessages, type RunRow, type SessionHistory } from './run.store.ts';
import type { RunToSave } from './run-to-save.ts';

export type SavedRun = {
  /** Absent: there is no such session of this user. */
  row: RunRow | undefined;
  /** What its session has said, its question too, oldest first. */
  history: readonly HistoryRow[];
};

export type RunSaverDependencies = { database: Database; quotaOf: QuotaOf; expiredSessions: ExpiredSessions };

const STATEMENTS = 3;

/** Saves runs with their questions, in one round trip: those of a tenant that come at the same time by the same statements. */
export function createRunSaver({ database, quotaOf, expiredSessions }: RunSaverDependencies) {
  const saveTogether = gathered<RunToSave, SavedRun>((tenant, runs) => saveMany(database, tenant, runs));

  /** A temporary session plans its end, and a bounded tenant takes its place, in the same transaction. */
  async function saveAlone(tenant: Tenant, run: RunToSave, quota: Awaited<ReturnType<QuotaOf>>): Promise<SavedRun> {
    return inTenant(database, tenant, async (trx) => {
      await takeSession(trx, quota);
      const [, rows, histories] = await Promise.all(
        statementsFor([run]).map(async (query) => (await trx.executeQuery(query)).rows),
      );
      if (run.newSession?.expiresAt) await expiredSessions.planDeletion(trx, tenant, run.newSession.lifetime);
      return savedOf(run, rows as RunRow[], histories as SessionHistory[]);
    });
  }

  /** @throws a unique violation on `run_one_unfinished` when the session has an unfinished run */
  return async (tenant: Tenant, run: RunToSave): Promise<SavedRun> => {
    const quota = run.newSession ? await quotaOf(tenant, 'sessions') : null;
    if (quota && (run.newSession?.expiresAt || quota.limit !== null)) return saveAlone(tenant, run, quota);
    // The shared transaction belongs to nobody; whoever waits for it has a span for that.
    const span = { ...databaseSpan(schemaOf(tenant), STATEMENTS), 'parley.shared': true };
    return traced('queries', 'client', span, () => saveTogether(tenant, run));
  };
}

async function saveMany(database: Database, tenant: Tenant, runs: readonly RunToSave[]) {
  // One of a session in each statement: the second finds the first unfinished, and is told so.
  const first = new Map<string, RunToSave>();
  for (const run of runs) if (!first.has(run.sessionId)) first.set(run.sessionId, run);
  const saved = await saveDistinct(database, tenant, [...first.values()]);
  const results: PromiseSettledResult<SavedRun>[] = [];
  for (const run of runs) {
    const own = saved.get(run.id);
    if (own) results.push({ status: 'fulfilled', value: own });
    else results.push(...(await Promise.allSettled([saveOne(database, tenant, run)])));
  }
  return results;
}

async function saveOne(database: Database, tenant: Tenant, run: RunToSave): Promise<SavedRun> {
  return (await saveDistinct(database, tenant, [run])).get(run.id) as SavedRun;
}

async function saveDistinct(database: Database, tenant: Tenant, runs: readonly RunToSave[]) {
  const [, rows, histories] = await queryTenant<[unknown, RunRow, SessionHistory]>(
    database,
    tenant,
    ...statementsFor(runs),
  );
  return new Map(runs.map((run) => [run.id, savedOf(run, rows, histories)]));
}

function statementsFor(
  runs: readonly RunToSave[],
): [CompiledQuery, CompiledQuery<RunRow>, CompiledQuery<SessionHistory>] {
  const asked = runs.map(({ sessionId, request }) => ({ sessionId, limit: historyLimit(request) }));
  return [
    findByKeys,
    insertRuns(runs.map((run) => ({ ...run, firstEvent: run.firstLine.json }))),
    newestMessages(asked),
  ];
}

function savedOf(run: RunToSave, rows: readonly RunRow[], histories: readonly SessionHistory[]): SavedRun {
  const said = histories.find(({ session_id }) => session_id === run.sessionId)?.messages ?? [];
  return { row: rows.find(({ id }) => id === run.id), history: said.toReversed() };
}
