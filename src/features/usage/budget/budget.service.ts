import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import type { BudgetPeriod } from '../../../platform/database/schema/ledger-tables.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { type Act, actBy, recordAct } from '../../tenancy/index.ts';
import { type Nanos, nanosOf, usdOf } from '../prices/price.ts';
import { budgetErrors } from './budget.errors.ts';
import type { BudgetView, NewBudget } from './budget.schema.ts';
import * as store from './budget.store.ts';
import { renewalOf } from './refused-by.ts';

export type BudgetService = ReturnType<typeof createBudgetService>;

/** What tenants may spend. An admin's budgets narrow what the operator, or the installation, gives; all of them hold. */
export function createBudgetService(deps: { database: Database; clock: Clock; installationLimit: Nanos | null }) {
  const { database, clock, installationLimit } = deps;
  const today = () => clock.now().toISOString().slice(0, 10);

  async function viewsOf(tenantId: string, rows: readonly store.BudgetRow[]): Promise<BudgetView[]> {
    const subjects = [tenantId, ...rows.flatMap(({ subject_id }) => subject_id ?? [])];
    const accounts = await store.readAccounts(database.db, tenantId, subjects);
    return rows.map((row) => {
      const account = accounts.find(({ subject_id }) => subject_id === (row.subject_id ?? tenantId));
      return viewOf(
        row,
        row.scope !== 'tenant' && row.subject_id === null
          ? null
          : spendingOf(account, row.period, today(), row.set_by === 'operator'),
      );
    });
  }

  async function listed(tenantId: string): Promise<BudgetView[]> {
    const rows = await store.listBudgets(database.db, tenantId);
    const given = rows.some(({ set_by, period }) => set_by === 'operator' && period === 'day');
    const views = await viewsOf(tenantId, rows);
    if (given || installationLimit === null) return views;
    const [account] = await store.readAccounts(database.db, tenantId, [tenantId]);
    return [installationBudget(installationLimit, spendingOf(account, 'day', today(), true)), ...views];
  }

  async function record(
    trx: PlatformTransaction,
    principal: Principal,
    act: Act['act'],
    row: store.BudgetRow,
    tenantId = principal.tenant.id,
  ) {
    const { scope, subject_id, period, hard } = row;
    const details = { scope, subject_id, period, hard, limit_usd: usdOf(row.amount) };
    await recordAct(trx, { ...actBy(principal, { act, target: { kind: 'budget', id: row.id }, details }), tenantId });
  }

  return {
    /** The budgets that hold in the principal's tenant, with what is used of them. */
    list: async ({ tenant }: Principal) => ({ data: await listed(tenant.id), next_cursor: null }),

    /** @throws ApiError ERR_BUDGET_004, ERR_BUDGET_005 */
    async create(principal: Principal, budget: NewBudget): Promise<BudgetView> {
      const { tenant } = principal;
      const { scope, subject_id = null, period, limit_usd, hard = true } = budget;
      await assertSubject(database, tenant.id, scope, subject_id);
      const row = {
        id: newId(),
        scope,
        subject_id,
        period,
        hard,
        amount: nanosOf(limit_usd),
        set_by: 'tenant' as const,
      };
      try {
        const made = await database.transaction(async (trx) => {
          const inserted = await store.insertBudget(trx, tenant.id, row);
          await record(trx, principal, 'budget.create', inserted);
          return inserted;
        });
        return (await viewsOf(tenant.id, [made]))[0] as BudgetView;
      } catch (error) {
        if (violatesUnique(error, 'budget_one_each')) throw budgetErrors.exists();
        throw error;
      }
    },

    /** @throws ApiError ERR_BUDGET_003, also for what the operator gave */
    async update(principal: Principal, id: string, limitUsd: number): Promise<BudgetView> {
      const { tenant } = principal;
      const row = await database.transaction(async (trx) => {
        await requireOwn(trx, tenant.id, id);
        const updated = (await store.updateBudget(trx, tenant.id, id, nanosOf(limitUsd))) as store.BudgetRow;
        await record(trx, principal, 'budget.change', updated);
        return updated;
      });
      return (await viewsOf(tenant.id, [row]))[0] as BudgetView;
    },

    /** @throws ApiError ERR_BUDGET_003 */
    async remove(principal: Principal, id: string): Promise<void> {
      await database.transaction(async (trx) => {
        const row = await requireOwn(trx, principal.tenant.id, id);
        await store.deleteBudget(trx, principal.tenant.id, id);
        await record(trx, principal, 'budget.delete', row);
      });
    },

    /** What an operator gives a tenant, in place of the installation's limit where it is for a day. */
    async give(principal: Principal, tenantId: string, period: BudgetPeriod, limitUsd: number): Promise<BudgetView> {
      const budget = { id: newId(), period, amount: nanosOf(limitUsd) };
      const row = await database.transaction(async (trx) => {
        const given = await store.setOperatorBudget(trx, tenantId, budget);
        await record(trx, principal, 'budget.give', given, tenantId);
        return given;
      });
      return (await viewsOf(tenantId, [row]))[0] as BudgetView;
    },

    /** @throws ApiError ERR_BUDGET_003 */
    async takeBack(principal: Principal, tenantId: string, period: BudgetPeriod): Promise<void> {
      await database.transaction(async (trx) => {
        const before = (await store.listBudgets(trx, tenantId)).find(
          (row) => row.set_by === 'operator' && row.period === period,
        );
        if (!before) throw budgetErrors.notFound();
        await store.removeOperatorBudget(trx, tenantId, period);
        await record(trx, principal, 'budget.take-back', before, tenantId);
      });
    },

    /** The budgets of any tenant, for operators. */
    listOf: listed,
  };
}

/** A budget that the tenant's admins may change. */
async function requireOwn(trx: PlatformTransaction, tenantId: string, id: string): Promise<store.BudgetRow> {
  const row = await store.findBudget(trx, tenantId, id);
  if (row?.set_by !== 'tenant') throw budgetErrors.notFound();
  return row;
}

async function assertSubject(database: Database, tenantId: string, scope: NewBudget['scope'], id: string | null) {
  if (id === null) return;
  if (scope === 'tenant') {
    const message = 'must be left out for the tenant itself';
    throw requestErrors.invalid(`subject_id ${message}`, { fields: [{ field: 'subject_id', message }] });
  }
  if (await store.isSubjectOf(database.db, tenantId, scope, id)) return;
  const what = scope === 'user' ? 'user' : 'API key';
  throw budgetErrors.subjectNotFound(`There is no ${what} with this id in this tenant.`);
}

type Spending = { spent: number; reserved: number; start: string };

/** An account that was not touched in the present period still shows an earlier one. For what a tenant was `given`, its
 * calls with keys of its own do not count. */
function spendingOf(
  account: store.AccountRow | undefined,
  period: BudgetPeriod,
  today: string,
  given: boolean,
): Spending {
  const start = period === 'day' ? today : `${today.slice(0, 7)}-01`;
  if (!account || account[period] < start) return { spent: 0, reserved: 0, start };
  const own = given ? { spent: account[`${period}_own_spent`], reserved: account[`${period}_own_reserved`] } : NOTHING;
  return {
    spent: account[`${period}_spent`] - own.spent,
    reserved: account[`${period}_reserved`] - own.reserved,
    start: account[period],
  };
}

const NOTHING = { spent: 0, reserved: 0 };

function spendingView(spending: Spending | null, period: BudgetPeriod) {
  return {
    spent_usd: spending && usdOf(spending.spent),
    reserved_usd: spending && usdOf(spending.reserved),
    renews_at: spending && renewalOf({ period, periodStart: spending.start }).toISOString(),
  };
}

function viewOf(row: store.BudgetRow, spending: Spending | null): BudgetView {
  const { amount, created_at, updated_at, ...rest } = row;
  return {
    ...rest,
    limit_usd: usdOf(amount),
    ...spendingView(spending, row.period),
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

/** What holds where nobody has said otherwise; it is a setting and no row, and so has no id. */
function installationBudget(limit: Nanos, spending: Spending): BudgetView {
  const none = { id: null, subject_id: null, created_at: null, updated_at: null };
  const kind = { scope: 'tenant', period: 'day', hard: true, set_by: 'installation' } as const;
  return { ...none, ...kind, limit_usd: usdOf(limit), ...spendingView(spending, 'day') };
}
