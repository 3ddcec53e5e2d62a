import type { Static, TSchema } from 'typebox';

/** One thing that a tenant may have otherwise than the installation. */
export type TenantSetting<Value = unknown> = {
  /** `<area>.<name>`, as it is stored and sent. */
  readonly key: string;
  readonly schema: TSchema;
  /** What counts where the tenant has set nothing; null: what the installation's own setting says. */
  readonly fallback: Value;
  readonly description: string;
  /** `operator`: what the tenant is given, such as its quotas. An admin of the tenant may read it only. */
  readonly setBy: 'admin' | 'operator';
};

type Declared<Schema extends TSchema> = {
  schema: Schema;
  fallback: Static<Schema> | null;
  description: string;
  setBy?: 'admin' | 'operator';
};

type ValueOf<One> = One extends { schema: infer Schema extends TSchema; fallback: infer Fallback }
  ? Static<Schema> | (null extends Fallback ? null : never)
  : never;

const table = new Map<string, TenantSetting>();

/**
 * Declares the settings of one area, in a `*.schema.ts`:
 * `export const chatSettings = defineTenantSettings('chat', { titles: { schema: Type.Boolean(), fallback: true, description: '…' } })`.
 * They are read by `tenantSettings.read(tenant, chatSettings.titles)`, and are in `/v1/tenants/current/settings` at once.
 */
export function defineTenantSettings<const Settings extends Record<string, Declared<TSchema>>>(
  area: string,
  declared: Settings,
): { readonly [Name in keyof Settings]: TenantSetting<ValueOf<Settings[Name]>> } {
  const entries = Object.entries<Declared<TSchema>>(declared).map(([name, { setBy = 'admin', ...setting }]) => {
    const key = `${area}.${name}`;
    if (table.has(key)) throw new Error(`The tenant setting ${key} is defined twice.`);
    table.set(key, { key, setBy, ...setting });
    return [name, table.get(key)];
  });
  return Object.fromEntries(entries) as never;
}

/** Every setting that is declared, in order of key. */
export function tenantSettingTable(): readonly TenantSetting[] {
  return [...table.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function findTenantSetting(key: string): TenantSetting | undefined {
  return table.get(key);
}
