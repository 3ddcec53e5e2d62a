import { createFreshCache, type FreshCache } from '../../../platform/cache/fresh-cache.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { type FieldFault, requestErrors } from '../../../platform/http/errors.ts';
import { valueFaults } from '../../../platform/http/validation.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { type Act, type ActingPrincipal, actBy, SYSTEM } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { Tenant } from '../tenant.ts';
import { findTenantSetting, type TenantSetting, tenantSettingTable } from './tenant-setting.schema.ts';
import * as store from './tenant-settings.store.ts';

/** New values by key; null takes a setting back to its default. */
export type SettingChanges = Readonly<Record<string, unknown>>;

/** Who changes: an admin of the tenant, or an operator, who may also change what a tenant is given. */
export type SettingAuthor = {
  userId: string | null;
  as: 'admin' | 'operator';
  /** For the audit log; left out: somebody at the machine. */
  principal?: ActingPrincipal;
};

export type SettingState = { setting: TenantSetting; value: unknown; isSet: boolean };

export type TenantSettings = {
  /** What counts for a tenant now. Some microseconds while it is cached; a change is seen at once where it was made, by
   * other processes as soon as they are told, at the latest after 10 s. */
  read<Value>(tenant: Pick<Tenant, 'id'>, setting: TenantSetting<Value>): Promise<Value>;
  /** All settings of a tenant, in order of key, as they are stored now. */
  list(tenant: Pick<Tenant, 'id'>): Promise<readonly SettingState[]>;
  /** @throws ApiError ERR_REQUEST_002 naming the setting, ERR_TENANT_001 for one that only an operator sets */
  change(tenant: Pick<Tenant, 'id'>, changes: SettingChanges, author: SettingAuthor): Promise<readonly SettingState[]>;
};

type Dependencies = {
  database: Database;
  clock: Clock;
  log: Logger;
};

/** A notice may be lost. */
const LIFETIME_MS = 10_000;
/** Some 100 bytes each. */
const CAPACITY = 10_000;

export function createTenantSettings(deps: Dependencies): TenantSettings {
  const { database, clock } = deps;
  const cache = createFreshCache<store.StoredSettings>({ capacity: CAPACITY, lifetime: LIFETIME_MS, clock });
  const hear = listenOnce(deps, cache);

  const list = async (tenant: Pick<Tenant, 'id'>): Promise<readonly SettingState[]> =>
    statesOf(await store.readSettings(database.db, tenant.id));

  return {
    read: async (tenant, setting) => {
      hear();
      const stored = await cache.get(tenant.id, () => store.readSettings(database.db, tenant.id));
      return settingValue(stored ?? {}, setting);
    },
    list,
    change: async (tenant, changes, author) => {
      checkChanges(changes, author);
      await database.transaction(async (trx) => {
        for (const [key, value] of Object.entries(changes)) {
          if (value === null) await store.deleteSetting(trx, tenant.id, key);
          else await store.saveSetting(trx, { tenantId: tenant.id, key, value, userId: author.userId });
        }
        await store.announceChange(trx, tenant.id);
        await recordAct(trx, actOf(tenant, changes, author), clock.now());
      });
      cache.forget(tenant.id);
      return list(tenant);
    },
  };
}

/** Texts, such as instructions, are a tenant's own words: that they were changed is told, and not to what. */
function actOf({ id }: Pick<Tenant, 'id'>, changes: SettingChanges, { as, principal }: SettingAuthor): Act {
  const told = Object.entries(changes).filter(
    (entry): entry is [string, number | boolean | null] =>
      entry[1] === null || /^(?:number|boolean)$/.test(typeof entry[1]),
  );
  const details = { as, changed: Object.keys(changes).sort(), ...Object.fromEntries(told) };
  const act = { act: 'tenant-settings.change', target: { kind: 'tenant', id }, details } as const;
  return { ...(principal ? actBy(principal, act) : { ...act, actor: SYSTEM }), tenantId: id };
}

/** Begins with the first read: commands that read no settings need no connection for notices. */
function listenOnce({ database, log }: Dependencies, cache: FreshCache<store.StoredSettings>): () => void {
  let listening = false;
  return () => {
    if (listening) return;
    listening = true;
    // What was read before anybody listened may have changed since.
    database.listen(store.CHANNEL, cache.forget).then(cache.clear, (error: unknown) => {
      listening = false;
      log.warn({ err: error }, 'changes of tenant settings by other processes are heard of late');
    });
  };
}

function settingValue<Value>(stored: store.StoredSettings, setting: TenantSetting<Value>): Value {
  const value = stored[setting.key];
  // What an older or newer program stored may not be what this one understands.
  return value === undefined || valueFaults(setting.schema, value).length > 0 ? setting.fallback : (value as Value);
}

function statesOf(stored: store.StoredSettings): readonly SettingState[] {
  return tenantSettingTable().map((setting) => ({
    setting,
    value: settingValue(stored, setting),
    isSet: stored[setting.key] !== undefined,
  }));
}

function checkChanges(changes: SettingChanges, author: SettingAuthor): void {
  const faults = Object.entries(changes).flatMap(([key, value]) => faultsOf(key, value));
  const [first] = faults;
  if (first) throw requestErrors.invalid(`${first.field} ${first.message}`, { fields: faults });
  const given = Object.keys(changes).find((key) => findTenantSetting(key)?.setBy === 'operator');
  if (given !== undefined && author.as !== 'operator') {
    throw tenancyErrors.operatorSetting(`${given} is set by an operator of this installation.`);
  }
}

function faultsOf(key: string, value: unknown): FieldFault[] {
  const setting = findTenantSetting(key);
  if (!setting) return [{ field: key, message: 'is no setting; GET /v1/tenants/current/settings lists them' }];
  if (value === null) return [];
  return valueFaults(setting.schema, value).map(({ field, message }) => ({
    field: field === 'body' ? key : `${key}.${field}`,
    message,
  }));
}
