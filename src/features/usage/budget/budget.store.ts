import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { BudgetPeriod, BudgetScope } from '../../../platform/database/schema/ledger-tables.ts';

export type BudgetRow = {
  id: string;
  scope: BudgetScope;
  subject_id: string | null;
  period: BudgetPeriod;
  amount: number;
  hard: boolean;
  set_by: 'tenant' | 'operator';
  created_at: Date;
  updated_at: Date;
};

const COLUMNS = [
  'id',
  'scope',
  'subject_id',
  'period',
  'amount',
  'hard',
  'set_by',
  'created_at',
  'updated_at',
] as const;

/** A tenant's budgets, the operator's first, then by id. */
export async function listBudgets(db: Db, tenantId: string): Promise<BudgetRow[]> {
  return db
    .selectFrom('platform.budget')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .orderBy('set_by')
    .orderBy('id')
    .execute();
}

export async function findBudget(db: Db, tenantId: string, id: string): Promise<BudgetRow | undefined> {
  return db
    .selectFrom('platform.budget')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export type NewBudgetRow = Pick<BudgetRow, 'id' | 'scope' | 'subject_id' | 'period' | 'amount' | 'hard' | 'set_by'>;

/** Throws a unique violation on `budget_one_each` where there is such a budget. */
export async function insertBudget(
  trx: PlatformTransaction,
  tenantId: string,
  budget: NewBudgetRow,
): Promise<BudgetRow> {
  return trx
    .insertInto('platform.budget')
    .values({ ...budget, tenant_id: tenantId })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

export async function updateBudget(
  trx: PlatformTransaction,
  tenantId: string,
  id: string,
  amount: number,
): Promise<BudgetRow | undefined> {
  return trx
    .updateTable('platform.budget')
    .set({ amount, updated_at: new Date() })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst();
}

export async function deleteBudget(trx: PlatformTransaction, tenantId: string, id: string): Promise<boolean> {
  const result = await trx
    .deleteFrom('platform.budget')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Gives a tenant its operator's budget, or another amount of it. */
export async function setOperatorBudget(
  trx: PlatformTransaction,
  tenantId: string,
  budget: { id: string; period: BudgetPeriod; amount: number },
): Promise<BudgetRow> {
  await removeOperatorBudget(trx, tenantId, budget.period);
  const row = { ...budget, scope: 'tenant' as const, subject_id: null, hard: true, set_by: 'operator' as const };
  return insertBudget(trx, tenantId, row);
}

export async function removeOperatorBudget(
  trx: PlatformTransaction,
  tenantId: string,
  period: BudgetPeriod,
): Promise<boolean> {
  const result = await trx
    .deleteFrom('platform.budget')
    .where('tenant_id', '=', tenantId)
    .where('set_by', '=', 'operator')
    .where('period', '=', period)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Whether a user, or an API key, is one of the tenant's. */
export async function isSubjectOf(db: Db, tenantId: string, scope: 'user' | 'key', id: string): Promise<boolean> {
  const row =
    scope === 'user'
      ? await db
          .selectFrom('platform.membership')
          .select('user_id as id')
          .where('tenant_id', '=', tenantId)
          .where('user_id', '=', id)
          .executeTakeFirst()
      : await db
          .selectFrom('platform.api_key')
          .select('id')
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .executeTakeFirst();
  return row !== undefined;
}

export type AccountRow = {
  scope: BudgetScope;
  subject_id: string;
  day: string;
  day_spent: number;
  day_reserved: number;
  month: string;
  month_spent: number;
  month_reserved: number;
  day_own_spent: number;
  day_own_reserved: number;
  month_own_spent: number;
  month_own_reserved: number;
};

/** What the tenant itself and these users and keys of it have spent and reserved. */
export async function readAccounts(db: Db, tenantId: string, subjects: readonly string[]): Promise<AccountRow[]> {
  return db
    .selectFrom('platform.ledger_account')
    .select(['scope', 'subject_id', 'day_spent', 'day_reserved', 'month_spent', 'month_reserved'])
    .select(['day_own_spent', 'day_own_reserved', 'month_own_spent', 'month_own_reserved'])
    .select([sql<string>`day::text`.as('day'), sql<string>`month::text`.as('month')])
    .where('tenant_id', '=', tenantId)
    .where('subject_id', 'in', [...subjects])
    .execute();
}
