import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import { type Before, isBehind } from '../../platform/database/newest-first.ts';
import type { AnalysisStatus } from '../../platform/database/schema/code-tables.ts';
import type { Analysis, Score } from './analysis.ts';
import type { AnalysisFault } from './code.errors.ts';
import type { Suggestions } from './suggestions/suggestion.ts';

const COLUMNS = [
  'id',
  'repository_id',
  'status',
  'progress',
  'error',
  'commit_id',
  'engine',
  'file_count',
  'finding_count',
  'scores',
  'created_by',
  'created_at',
  'started_at',
  'completed_at',
] as const;

export type AnalysisRow = {
  id: string;
  repository_id: string;
  status: AnalysisStatus;
  progress: number;
  error: AnalysisFault | null;
  commit_id: string | null;
  engine: string | null;
  file_count: number;
  finding_count: number;
  scores: readonly Score[];
  created_by: string | null;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
};

/** What an analysis found, but for its findings; with what a model suggested where one was asked. */
export type AnalysisResult = Omit<Analysis, 'findings'> & { suggestions?: Suggestions | null };

const UNFINISHED = ['pending', 'running'] as const;

/** Throws a unique violation on `analysis_unfinished`. */
export async function insertAnalysis(
  trx: TenantTransaction,
  analysis: Pick<AnalysisRow, 'id' | 'repository_id' | 'created_by'>,
): Promise<AnalysisRow> {
  const row = await trx
    .insertInto('analysis')
    .values({ ...analysis, status: 'pending' })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return row as AnalysisRow;
}

export async function countAnalyses(trx: TenantTransaction): Promise<number> {
  const row = await trx
    .selectFrom('analysis')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function findUnfinished(trx: TenantTransaction, repositoryId: string): Promise<string | undefined> {
  const row = await trx
    .selectFrom('analysis')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('status', 'in', UNFINISHED)
    .executeTakeFirst();
  return row?.id;
}

/** Ends those of a repository that say that they run, and of which nothing was heard since. */
export async function failSilent(
  trx: TenantTransaction,
  repositoryId: string,
  { since, fault, at }: { since: Date; fault: AnalysisFault; at: Date },
): Promise<void> {
  await trx
    .updateTable('analysis')
    .set({ status: 'failed', error: JSON.stringify(fault), completed_at: at, updated_at: at })
    .where('repository_id', '=', repositoryId)
    .where('status', '=', 'running')
    .where('updated_at', '<', since)
    .execute();
}

export async function findAnalysis(trx: TenantTransaction, id: string): Promise<AnalysisRow | undefined> {
  const row = await trx.selectFrom('analysis').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row as AnalysisRow | undefined;
}

export async function findResult(trx: TenantTransaction, id: string): Promise<AnalysisResult | null> {
  const row = await trx.selectFrom('analysis').select('result').where('id', '=', id).executeTakeFirst();
  return (row?.result ?? null) as AnalysisResult | null;
}

/** The newest that was completed before this one, of the same repository. */
export async function findPrevious(trx: TenantTransaction, analysis: AnalysisRow): Promise<AnalysisRow | undefined> {
  const row = await trx
    .selectFrom('analysis')
    .select(COLUMNS)
    .where('repository_id', '=', analysis.repository_id)
    .where('status', '=', 'completed')
    .where(isBehind({ createdAt: analysis.created_at, id: analysis.id }))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row as AnalysisRow | undefined;
}

/** The newest of each repository, whatever came of it. */
export async function listLatest(trx: TenantTransaction, repositoryIds: readonly string[]): Promise<AnalysisRow[]> {
  const { rows } = await sql<AnalysisRow>`
    SELECT ${sql.join(COLUMNS.map((column) => sql.ref(`latest.${column}`)))}
    FROM unnest(${repositoryIds}::uuid[]) AS wanted (repository_id)
    CROSS JOIN LATERAL (SELECT * FROM analysis WHERE analysis.repository_id = wanted.repository_id
      ORDER BY created_at DESC, id DESC LIMIT 1) AS latest`.execute(trx);
  return rows;
}

export type AnalysisPage = {
  limit: number;
  before: Before | null;
  repositoryId: string | undefined;
  status: AnalysisStatus | undefined;
};

/** Newest first, from behind `before` on. */
export async function listAnalyses(trx: TenantTransaction, page: AnalysisPage): Promise<AnalysisRow[]> {
  const { before, repositoryId, status } = page;
  const rows = await trx
    .selectFrom('analysis')
    .select(COLUMNS)
    .$if(repositoryId !== undefined, (query) => query.where('repository_id', '=', repositoryId ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'pending'))
    .where(isBehind(before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows as AnalysisRow[];
}

export async function deleteAnalysis(trx: TenantTransaction, id: string): Promise<void> {
  await trx.deleteFrom('analysis').where('id', '=', id).execute();
}

/** False where it had ended before. */
export async function cancelAnalysis(trx: TenantTransaction, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('analysis')
    .set({ status: 'cancelled', completed_at: at, updated_at: at })
    .where('id', '=', id)
    .where('status', 'in', UNFINISHED)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** A try at an analysis; what it writes is refused once the analysis was cancelled or deleted, or another try began. */
export type Try = { id: string; attempt: number };

/** Starts a try on one that waits, or whose last try was cut off. Every earlier try can write no more. */
export async function claimAnalysis(
  trx: TenantTransaction,
  id: string,
  at: Date,
): Promise<(Try & Pick<AnalysisRow, 'repository_id' | 'created_by'>) | undefined> {
  return trx
    .updateTable('analysis')
    .set((eb) => ({
      status: 'running',
      progress: 0,
      attempt: eb('attempt', '+', 1),
      started_at: eb.fn.coalesce('started_at', eb.val(at)),
      updated_at: at,
    }))
    .where('id', '=', id)
    .where('status', 'in', UNFINISHED)
    .returning(['id', 'attempt', 'repository_id', 'created_by'])
    .executeTakeFirst();
}

/** A sign of life. False where the try is no longer the analysis's. */
export async function advance(trx: TenantTransaction, one: Try, progress: number, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('analysis')
    .set({ progress, updated_at: at })
    .where('id', '=', one.id)
    .where('status', '=', 'running')
    .where('attempt', '=', one.attempt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export type Completion = { result: AnalysisResult; commit: string | null; files: number; findings: number; at: Date };

/** False where the try is no longer the analysis's. */
export async function completeAnalysis(trx: TenantTransaction, one: Try, completion: Completion): Promise<boolean> {
  const { result, commit, files, findings, at } = completion;
  return endTry(trx, one, {
    status: 'completed',
    progress: 1,
    commit_id: commit,
    engine: result.engine,
    file_count: files,
    finding_count: findings,
    scores: JSON.stringify(result.scores),
    result: JSON.stringify(result),
    completed_at: at,
    updated_at: at,
  });
}

export async function failAnalysis(trx: TenantTransaction, one: Try, fault: AnalysisFault, at: Date): Promise<void> {
  await endTry(trx, one, { status: 'failed', error: JSON.stringify(fault), completed_at: at, updated_at: at });
}

/** Lets it wait for its next try. */
export async function releaseAnalysis(trx: TenantTransaction, one: Try, at: Date): Promise<void> {
  await endTry(trx, one, { status: 'pending', progress: 0, updated_at: at });
}

type Ending = {
  status: AnalysisStatus;
  updated_at: Date;
  progress?: number;
  error?: string;
  commit_id?: string | null;
  engine?: string;
  file_count?: number;
  finding_count?: number;
  scores?: string;
  result?: string;
  completed_at?: Date;
};

async function endTry(trx: TenantTransaction, { id, attempt }: Try, change: Ending): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('analysis')
    .set(change)
    .where('id', '=', id)
    .where('status', '=', 'running')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
