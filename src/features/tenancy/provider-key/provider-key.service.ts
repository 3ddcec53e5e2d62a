import type { KeyedProvider, OwnKeys } from '../../../ai/own-keys.ts';
import { createFreshCache, type FreshCache } from '../../../platform/cache/fresh-cache.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { type Act, type ActingPrincipal, actBy, SYSTEM } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import type { TenantSecrets } from '../secrets/tenant-secrets.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { Tenant } from '../tenant.ts';
import { announceKeys, CHANNEL } from './provider-key.store.ts';

/** All that is ever shown of a key. */
export type ProviderKeyState = {
  provider: string;
  /** Where the key is sent. */
  address: string;
  /** Its last characters; null where the tenant has no key for this provider. */
  hint: string | null;
  setAt: Date | null;
};

/** `version` is another one after each change. */
export type KeysOfTenant = { version: string; keys: OwnKeys };

/** A tenant's own keys of model providers. They take the place of the installation's for all that the tenant asks. */
export type ProviderKeys = {
  list(tenant: Owner): Promise<readonly ProviderKeyState[]>;
  /** Sets it, or replaces it. `doer` is null for somebody at the machine. @throws ApiError ERR_TENANT_007 */
  set(tenant: Owner, provider: string, key: string, doer: ActingPrincipal | null): Promise<ProviderKeyState>;
  /** @throws ApiError ERR_TENANT_007, 008 */
  remove(tenant: Owner, provider: string, doer: ActingPrincipal | null): Promise<void>;
  /** Null where it has none. A change counts at once where it was made, elsewhere as soon as it is told, at the latest
   * after 10 s. @throws SealBrokenError when a key cannot be opened: the installation's must not be used instead */
  keysOf(tenant: Owner): Promise<KeysOfTenant | null>;
};

type Owner = Pick<Tenant, 'id'>;

type Dependencies = {
  database: Database;
  secrets: TenantSecrets;
  clock: Clock;
  log: Logger;
  providers: readonly KeyedProvider[];
};

const PREFIX = 'provider/';
const LIFETIME_MS = 10_000;
const CAPACITY = 10_000;

export function createProviderKeys(deps: Dependencies): ProviderKeys {
  const { database, secrets, clock, providers } = deps;
  const cache = createFreshCache<KeysOfTenant | null>({ capacity: CAPACITY, lifetime: LIFETIME_MS, clock });
  const hear = listenOnce(deps, cache);

  const list = async (tenant: Owner): Promise<readonly ProviderKeyState[]> => {
    const kept = new Map((await secrets.list(tenant, PREFIX)).map((row) => [row.name, row]));
    return providers.map(({ name, address }) => {
      const row = kept.get(PREFIX + name);
      return { provider: name, address, hint: row?.hint ?? null, setAt: row?.updated_at ?? null };
    });
  };

  const change = async (tenant: Owner, work: (trx: PlatformTransaction) => Promise<Act>): Promise<void> => {
    await database.transaction(async (trx) => {
      const act = await work(trx);
      await announceKeys(trx, tenant.id);
      await recordAct(trx, act, clock.now());
    });
    cache.forget(tenant.id);
  };

  const assertKnown = (provider: string): void => {
    if (providers.some(({ name }) => name === provider)) return;
    const known = providers.map(({ name }) => name).join(', ');
    throw tenancyErrors.noSuchProvider(`There is no provider "${provider.slice(0, 50)}" here; there are ${known}.`);
  };

  return {
    list,
    set: async (tenant, provider, key, doer) => {
      assertKnown(provider);
      await change(tenant, async (trx) => {
        await secrets.put(trx, tenant, PREFIX + provider, key, doer?.userId ?? null);
        return actOf(tenant, doer, 'provider-key.set', provider);
      });
      return (await list(tenant)).find((state) => state.provider === provider) as ProviderKeyState;
    },
    remove: async (tenant, provider, doer) => {
      assertKnown(provider);
      await change(tenant, async (trx) => {
        if (!(await secrets.remove(trx, tenant, PREFIX + provider))) throw tenancyErrors.noProviderKey();
        return actOf(tenant, doer, 'provider-key.delete', provider);
      });
    },
    keysOf: async (tenant) => {
      hear();
      return (await cache.get(tenant.id, () => read(deps, tenant))) ?? null;
    },
  };
}

async function read({ secrets, providers }: Dependencies, tenant: Owner): Promise<KeysOfTenant | null> {
  const rows = await secrets.list(tenant, PREFIX);
  const keys: Record<string, string> = {};
  for (const { name } of providers) {
    if (!rows.some((row) => row.name === PREFIX + name)) continue;
    const key = await secrets.read(tenant, PREFIX + name);
    if (key !== null) keys[name] = key;
  }
  if (Object.keys(keys).length === 0) return null;
  return { version: rows.map(({ name, updated_at }) => `${name} ${updated_at.getTime()}`).join('\n'), keys };
}

function actOf(tenant: Owner, doer: ActingPrincipal | null, act: Act['act'], provider: string): Act {
  const target = { kind: 'provider', id: provider };
  return { ...(doer ? actBy(doer, { act, target }) : { act, target, actor: SYSTEM }), tenantId: tenant.id };
}

/** From the first question on. A notice may be lost, but not for longer than the cache lives. */
function listenOnce({ database, log }: Dependencies, cache: FreshCache<KeysOfTenant | null>): () => void {
  let listening = false;
  return () => {
    if (listening) return;
    listening = true;
    database.listen(CHANNEL, cache.forget).then(cache.clear, (error: unknown) => {
      listening = false;
      log.warn({ err: error }, 'changes of provider keys by other processes are heard of late');
    });
  };
}
