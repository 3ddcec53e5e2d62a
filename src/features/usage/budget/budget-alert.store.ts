import { sql } from 'kysely';
import type { PlatformTransaction } from '../../../platform/database/database.ts';
import type { Alert } from '../ledger/ledger.types.ts';

/** SQL of what tenants are told about their budgets. */

/** The oldest alert that nobody was told of yet: the caller's, until its transaction ends. */
export async function claimAlert(trx: PlatformTransaction, now: Date): Promise<Alert | null> {
  const { rows } = await sql<Omit<Alert, 'tenantId' | 'subjectId' | 'periodStart'> & Columns>`
    UPDATE platform.budget_alert SET told_at = ${now}
    WHERE ctid = (
      SELECT ctid FROM platform.budget_alert WHERE told_at IS NULL
      ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING tenant_id, scope, subject_id, period, period_start::text, amount AS limit, hard, percent`.execute(trx);
  const [row] = rows;
  if (!row) return null;
  const { tenant_id: tenantId, subject_id: subjectId, period_start: periodStart, ...rest } = row;
  return { ...rest, tenantId, subjectId, periodStart };
}

type Columns = { tenant_id: string; subject_id: string; period_start: string };

export type Recipients = { slug: string; addresses: readonly string[] };

/** Who looks after a tenant, and its slug; null where the tenant is gone. Service accounts read no mail. */
export async function findRecipients(trx: PlatformTransaction, tenantId: string): Promise<Recipients | null> {
  const rows = await trx
    .selectFrom('platform.tenant as tenant')
    .leftJoin('platform.membership as membership', (join) =>
      join
        .onRef('membership.tenant_id', '=', 'tenant.id')
        .on('membership.is_active', '=', true)
        .on('membership.role', 'in', ['owner', 'admin']),
    )
    .leftJoin('platform.user as user', (join) =>
      join.onRef('user.id', '=', 'membership.user_id').on('user.is_active', '=', true).on('user.kind', '=', 'person'),
    )
    .select(['tenant.slug', 'user.email'])
    .where('tenant.id', '=', tenantId)
    .orderBy('user.email')
    .execute();
  const [first] = rows;
  return first ? { slug: first.slug, addresses: rows.flatMap(({ email }) => email ?? []) } : null;
}
