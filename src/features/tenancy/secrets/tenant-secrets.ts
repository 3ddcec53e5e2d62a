import {
  asInstallation,
  type Database,
  type PlatformTransaction,
  type TenantTransaction,
} from '../../../platform/database/database.ts';
import type { Rotation, SealedStore } from '../../../platform/secrets/sealed-store.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { Tenant } from '../tenant.ts';
import * as store from './tenant-secret.store.ts';

type Owner = Pick<Tenant, 'id'>;
/** A tenant's own, too, so that a secret is there if, and only if, the row is that needs it. */
type AnyTransaction = PlatformTransaction | TenantTransaction;

/**
 * What a tenant has given us to keep and to use: keys of model providers, headers of MCP servers. Stored sealed, never
 * shown again. `name` is `<area>/<what>`, such as `provider/openai`.
 */
export type TenantSecrets = {
  /** In the caller's transaction, so that it is there with what needs it. */
  put(trx: AnyTransaction, tenant: Owner, name: string, text: string, userId: string | null): Promise<void>;
  /** False where there was none. */
  remove(trx: AnyTransaction, tenant: Owner, name: string): Promise<boolean>;
  /** Null where there is none. @throws SealBrokenError when no key of this process opens it */
  read(tenant: Owner, name: string): Promise<string | null>;
  /** Those whose name begins with `prefix`: all that is ever shown of them. */
  list(tenant: Owner, prefix: string): Promise<readonly store.SecretRow[]>;
  readonly sealed: SealedStore;
};

const SHOWN = 4;
/** Of a shorter one its end would tell too much. */
const LEAST_LENGTH_TO_SHOW = 16;
const BATCH = 100;

export function createTenantSecrets(database: Database, box: SecretBox): TenantSecrets {
  return {
    put: (trx, { id: tenantId }, name, text, userId) => {
      const sealed = box.seal(text, contextOf({ tenantId, name }));
      const hint = text.length >= LEAST_LENGTH_TO_SHOW ? text.slice(-SHOWN) : '';
      return asInstallation(trx, () => store.saveSecret(trx, { tenantId, name, sealed, hint, userId }));
    },
    remove: (trx, { id: tenantId }, name) => asInstallation(trx, () => store.deleteSecret(trx, { tenantId, name })),
    read: async ({ id: tenantId }, name) => {
      const sealed = await store.findSealed(database.db, { tenantId, name });
      return sealed ? box.open(sealed, contextOf({ tenantId, name })) : null;
    },
    list: ({ id }, prefix) => store.listSecrets(database.db, id, prefix),
    sealed: { name: 'tenant secrets', rotate: () => rotate(database, box) },
  };
}

/** Binds what is sealed to its row. */
function contextOf({ tenantId, name }: store.SecretId): string {
  return ['tenant-secret', tenantId, name].join('\n');
}

async function rotate(database: Database, box: SecretBox): Promise<Rotation> {
  const rotation = { sealed: 0, current: 0, broken: [] as string[] };
  let after: store.SecretId | null = null;
  for (let found = BATCH; found === BATCH; ) {
    const last = await database.transaction(async (trx) => {
      const rows = await store.lockSealed(trx, after, BATCH);
      found = rows.length;
      for (const row of rows) await rotateRow(trx, box, row, rotation);
      return rows.at(-1);
    });
    after = last ? { tenantId: last.tenant_id, name: last.name } : after;
  }
  return rotation;
}

async function rotateRow(
  trx: PlatformTransaction,
  box: SecretBox,
  { tenant_id: tenantId, name, sealed }: store.SealedRow,
  rotation: { sealed: number; current: number; broken: string[] },
): Promise<void> {
  if (box.isCurrent(sealed)) {
    rotation.current += 1;
    return;
  }
  const context = contextOf({ tenantId, name });
  try {
    await store.replaceSealed(trx, { tenantId, name }, box.seal(box.open(sealed, context), context));
    rotation.sealed += 1;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SealBrokenError') throw error;
    rotation.broken.push(`${tenantId} ${name}`);
  }
}
