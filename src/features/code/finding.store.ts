import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { TriageStatus } from '../../platform/database/schema/code-tables.ts';
import { newId } from '../../platform/id.ts';
import type { Finding } from './analysis.ts';

export type FindingRow = {
  id: string;
  analysis_id: string;
  repository_id: string;
  number: number;
  fingerprint: string;
  rule: string;
  severity: Finding['severity'];
  category: string;
  path: string | null;
  line: number | null;
  message: string;
  evidence: string;
  fix: string;
  verify: string | null;
  status: TriageStatus;
  note: string | null;
  triaged_by: string | null;
  triaged_at: Date | null;
};

const ROWS_AT_ONCE = 500;

/** In the order that they have, from 0. */
export async function insertFindings(
  trx: TenantTransaction,
  analysisId: string,
  findings: readonly Finding[],
): Promise<void> {
  for (let start = 0; start < findings.length; start += ROWS_AT_ONCE) {
    const rows = findings.slice(start, start + ROWS_AT_ONCE).map((finding, index) => ({
      id: newId(),
      analysis_id: analysisId,
      number: start + index,
      ...columnsOf(finding),
    }));
    await trx.insertInto('finding').values(rows).execute();
  }
}

function columnsOf({ fingerprint, rule, severity, category, path, line, message, evidence, fix, verify }: Finding) {
  return { fingerprint, rule, severity, category, path, line, message, evidence, fix, verify };
}

function selectFindings(trx: TenantTransaction) {
  return trx
    .selectFrom('finding')
    .innerJoin('analysis', 'analysis.id', 'finding.analysis_id')
    .leftJoin('triage', (join) =>
      join
        .onRef('triage.repository_id', '=', 'analysis.repository_id')
        .onRef('triage.fingerprint', '=', 'finding.fingerprint'),
    )
    .selectAll('finding')
    .select([
      'analysis.repository_id',
      'triage.note',
      'triage.updated_by as triaged_by',
      'triage.updated_at as triaged_at',
    ])
    .select(sql<TriageStatus>`coalesce(triage.status, 'open')`.as('status'));
}

export type FindingFilter = {
  severity?: Finding['severity'] | undefined;
  category?: string | undefined;
  rule?: string | undefined;
  /** Part of a path, in whichever case. */
  path?: string | undefined;
  status?: TriageStatus | undefined;
};

/** What stands behind a filter, for `finding` and `triage` as `selectFindings` joins them. */
function conditionsOf({ severity, category, rule, path, status }: FindingFilter): RawBuilder<boolean> {
  const conditions = [
    ...(severity === undefined ? [] : [sql`finding.severity = ${severity}`]),
    ...(category === undefined ? [] : [sql`finding.category = ${category}`]),
    ...(rule === undefined ? [] : [sql`finding.rule = ${rule}`]),
    ...(path === undefined ? [] : [sql`position(lower(${path}) IN lower(finding.path)) > 0`]),
    ...(status === undefined ? [] : [sql`coalesce(triage.status, 'open') = ${status}`]),
  ];
  return sql<boolean>`(${sql.join([sql`true`, ...conditions], sql` AND `)})`;
}

/** The worst first, from behind the number `after` on. */
export async function listFindings(
  trx: TenantTransaction,
  analysisId: string,
  { limit, after, ...filter }: FindingFilter & { limit: number; after: number },
): Promise<FindingRow[]> {
  return selectFindings(trx)
    .where('finding.analysis_id', '=', analysisId)
    .where('finding.number', '>', after)
    .where(conditionsOf(filter))
    .orderBy('finding.number')
    .limit(limit)
    .execute();
}

export async function countFindings(
  trx: TenantTransaction,
  analysisId: string,
  filter: FindingFilter,
): Promise<number> {
  const row = await selectFindings(trx)
    .clearSelect()
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('finding.analysis_id', '=', analysisId)
    .where(conditionsOf(filter))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function findFinding(trx: TenantTransaction, id: string): Promise<FindingRow | undefined> {
  return selectFindings(trx).where('finding.id', '=', id).executeTakeFirst();
}

export async function saveTriage(
  trx: TenantTransaction,
  triage: {
    repositoryId: string;
    fingerprint: string;
    status: TriageStatus;
    note: string | null;
    userId: string;
    at: Date;
  },
): Promise<void> {
  const { repositoryId: repository_id, fingerprint, status, note, userId: updated_by, at: updated_at } = triage;
  await trx
    .insertInto('triage')
    .values({ repository_id, fingerprint, status, note, updated_by, updated_at })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'fingerprint']).doUpdateSet({ status, note, updated_by, updated_at }),
    )
    .execute();
}

/** Findings of one analysis that another has not, by fingerprint; the worst first. */
export async function listOnlyIn(
  trx: TenantTransaction,
  analysisId: string,
  otherId: string,
  limit: number,
): Promise<FindingRow[]> {
  return selectFindings(trx)
    .where('finding.analysis_id', '=', analysisId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('finding as other')
            .select('other.id')
            .where('other.analysis_id', '=', otherId)
            .whereRef('other.fingerprint', '=', 'finding.fingerprint'),
        ),
      ),
    )
    .orderBy('finding.number')
    .limit(limit)
    .execute();
}

/** How many findings of the first are in the second, by fingerprint. */
export async function countStayed(trx: TenantTransaction, analysisId: string, otherId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM finding WHERE analysis_id = ${analysisId} AND EXISTS
      (SELECT FROM finding AS other WHERE other.analysis_id = ${otherId} AND other.fingerprint = finding.fingerprint)
  `.execute(trx);
  return Number(rows[0]?.count ?? 0);
}

export type FindingCounts = { severity: Record<string, number>; status: Record<string, number> };

/** How many there are of each severity, and how many people have judged how. */
export async function countByKind(trx: TenantTransaction, analysisId: string): Promise<FindingCounts> {
  const rows = await selectFindings(trx)
    .clearSelect()
    .select(['finding.severity', ({ fn }) => fn.countAll<number>().as('count')])
    .select(sql<TriageStatus>`coalesce(triage.status, 'open')`.as('status'))
    .where('finding.analysis_id', '=', analysisId)
    .groupBy(['finding.severity', sql`coalesce(triage.status, 'open')`])
    .execute();
  const counts: FindingCounts = { severity: {}, status: {} };
  for (const { severity, status, count } of rows) {
    counts.severity[severity] = (counts.severity[severity] ?? 0) + Number(count);
    counts.status[status] = (counts.status[status] ?? 0) + Number(count);
  }
  return counts;
}
