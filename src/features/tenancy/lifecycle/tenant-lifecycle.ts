import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import type { Migration } from '../../../platform/database/migrations/migration.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { type Act, type ActingPrincipal, actBy, SYSTEM } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { createTenant } from '../tenancy.service.ts';
import { isReservedSlug, isSlug, type Tenant } from '../tenant.ts';
import { createReceiptSeal, type ReceiptSeal, type SignedReceipt } from './receipt-signature.ts';
import * as store from './tenant-lifecycle.store.ts';

/** Who does it; null: somebody at the machine, by a command. */
export type Doer = ActingPrincipal | null;

export type NewTenant = { name: string; slug?: string | undefined; ownerEmail?: string | undefined };

/** What is done to a whole tenant. Each act is in the audit log, and every process hears of it at once. */
export type TenantLifecycle = {
  /** @throws ApiError ERR_TENANT_003, ERR_TENANT_004, ERR_REQUEST_002 */
  create(input: NewTenant, doer: Doer): Promise<store.TenantDetail>;
  /** @throws ApiError ERR_TENANT_002 */
  get(id: string): Promise<store.TenantDetail>;
  list(page: { limit: number; after: string | null }): Promise<readonly store.TenantDetail[]>;
  /** Rows by table: how much there is, nothing of what it says. @throws ApiError ERR_TENANT_002 */
  size(id: string): Promise<Readonly<Record<string, number>>>;
  rename(id: string, name: string, doer: Doer): Promise<store.TenantDetail>;
  /** Ends all access to it at once, but operators'. Nothing is lost. */
  suspend(id: string, reason: string | null, doer: Doer): Promise<store.TenantDetail>;
  resume(id: string, doer: Doer): Promise<store.TenantDetail>;
  /** Deletes all of it, for good. `confirm` is its slug. @throws ApiError ERR_TENANT_002, ERR_REQUEST_002 */
  remove(id: string, confirm: string, doer: Doer): Promise<SignedReceipt>;
  /** The receipt of a tenant that was deleted. @throws ApiError ERR_TENANT_002 */
  receipt(id: string): Promise<SignedReceipt & { genuine: boolean }>;
  /** Begins to hear of acts of other processes. */
  listen(): Promise<void>;
};

export type LifecycleDependencies = {
  database: Database;
  migrations: readonly Migration[];
  clock: Clock;
  log: Logger;
  secretKey: string;
  /** Notes that a tenant is to stay deleted, in the transaction that deletes it. */
  entombTenant(trx: PlatformTransaction, tenant: Tenant): Promise<void>;
  /** Told of each tenant that something was done to, by whichever process: what is known of who may enter is old. */
  onChange(tenantId: string): void;
};

type Change = Parameters<typeof store.updateTenant>[2];
type What = Pick<Act, 'act' | 'details'>;

export function createTenantLifecycle(deps: LifecycleDependencies): TenantLifecycle {
  const { database, onChange } = deps;
  const receipts = createReceiptSeal(deps.secretKey);
  const get = async (id: string) => {
    const row = await store.findTenant(database.db, id);
    if (!row) throw tenancyErrors.notFound();
    return row;
  };
  const change = async (id: string, values: Change, doer: Doer, what: What) => {
    const changed = await database.transaction(async (trx) => {
      const row = await store.updateTenant(trx, id, values);
      if (!row) throw tenancyErrors.notFound();
      await record(deps, trx, id, doer, what);
      return row;
    });
    onChange(id);
    return changed;
  };

  return {
    get,
    list: (page) => store.pageOfTenants(database.db, page),
    size: async (id) => store.countRows(database.db, await get(id)),
    create: (input, doer) => create(deps, input, doer),
    rename: (id, name, doer) => change(id, { name }, doer, { act: 'tenant.rename', details: { name } }),
    suspend: (id, reason, doer) => {
      const values = { status: 'suspended', suspended_reason: reason } as const;
      return change(id, values, doer, { act: 'tenant.suspend', details: { reason } });
    },
    resume: (id, doer) =>
      change(id, { status: 'active', suspended_reason: null }, doer, { act: 'tenant.resume', details: {} }),
    remove: async (id, confirm, doer) => {
      const tenant = await get(id);
      if (confirm !== tenant.slug) throw notConfirmed(tenant.slug);
      // First nobody may enter any more, in any process; then it goes.
      await change(id, { status: 'suspended' }, doer, { act: 'tenant.delete-begin', details: {} });
      const signed = await database.transaction((trx) => remove(deps, trx, receipts, id, doer));
      onChange(id);
      await store
        .dropRole(database.db, tenant)
        .catch((error: unknown) => deps.log.info({ err: error, tenant: tenant.slug }, 'a deleted tenant’s role stays'));
      return signed;
    },
    receipt: async (id) => {
      const found = (await store.findReceipt(database.db, id)) as SignedReceipt | undefined;
      if (!found) throw tenancyErrors.notFound();
      return { ...found, genuine: receipts.isGenuine(found) };
    },
    listen: async () => {
      await database.listen(store.TENANT_CHANNEL, onChange);
    },
  };
}

async function record(
  { clock }: LifecycleDependencies,
  trx: PlatformTransaction,
  tenantId: string,
  doer: Doer,
  what: What,
): Promise<void> {
  const target = { kind: 'tenant', id: tenantId };
  const act = doer ? actBy(doer, { ...what, target }) : { ...what, target, actor: SYSTEM };
  await recordAct(trx, { ...act, tenantId }, clock.now());
  await store.announceTenant(trx, tenantId);
}

async function create(deps: LifecycleDependencies, input: NewTenant, doer: Doer): Promise<store.TenantDetail> {
  const { name, slug, ownerEmail } = input;
  assertFreeForUse(slug);
  try {
    return await deps.database.transaction(async (trx) => {
      const { id } = await createTenant(trx, { name, ...(slug !== undefined && { slug }) }, deps.migrations);
      if (ownerEmail !== undefined && !(await store.insertOwner(trx, id, ownerEmail.toLowerCase()))) {
        throw tenancyErrors.noSuchOwner();
      }
      const row = await store.findTenant(trx, id);
      if (!row) throw tenancyErrors.notFound();
      await record(deps, trx, id, doer, { act: 'tenant.create', details: { name } });
      return row;
    });
  } catch (error) {
    throw violatesUnique(error, 'tenant_slug_key') ? tenancyErrors.slugTaken() : error;
  }
}

async function remove(
  deps: LifecycleDependencies,
  trx: PlatformTransaction,
  receipts: ReceiptSeal,
  id: string,
  doer: Doer,
): Promise<SignedReceipt> {
  const row = await store.lockTenant(trx, id);
  if (!row) throw tenancyErrors.notFound();
  const rows = await store.countRows(trx, row);
  const signed = receipts.sign({
    tenant_id: id,
    slug: row.slug,
    name: row.name,
    deleted_at: deps.clock.now().toISOString(),
    deleted_by: doer?.userId ?? null,
    rows,
    rows_total: Object.values(rows).reduce((sum, count) => sum + count, 0),
    kept: Object.keys(rows).filter(store.isKept),
  });
  await store.dropTenant(trx, row);
  await store.saveReceipt(trx, { tenantId: id, slug: row.slug, ...signed });
  await deps.entombTenant(trx, { id, slug: row.slug });
  await record(deps, trx, id, doer, { act: 'tenant.delete', details: { rows: signed.receipt.rows_total } });
  return signed;
}

function assertFreeForUse(slug: string | undefined): void {
  if (slug === undefined || (isSlug(slug) && !isReservedSlug(slug))) return;
  const message = isSlug(slug)
    ? 'is reserved; take another'
    : 'must have 1 to 40 of a-z, 0-9 and hyphens, and neither begin nor end with a hyphen';
  throw requestErrors.invalid(`slug ${message}`, { fields: [{ field: 'slug', message }] });
}

function notConfirmed(slug: string) {
  const message = `must be the tenant’s slug, ${slug}`;
  return requestErrors.invalid(`confirm ${message}`, { fields: [{ field: 'confirm', message }] });
}
