import type { Db } from '../../../platform/database/database.ts';
import type { ApiKeyScope, UserKind } from '../../../platform/database/schema.ts';
import type { IdPage } from '../list-page.ts';
import { STANDING, type Standing } from '../standing.ts';

export type NewApiKeyRow = {
  id: string;
  user_id: string;
  tenant_id: string;
  name: string;
  prefix: string;
  secret_hash: string;
  scopes: ApiKeyScope[];
  expires_at: Date | null;
};

export type ApiKeyRow = Omit<NewApiKeyRow, 'secret_hash'> & {
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
};

const API_KEY = [
  'id',
  'user_id',
  'tenant_id',
  'name',
  'prefix',
  'scopes',
  'expires_at',
  'last_used_at',
  'revoked_at',
  'created_at',
] as const;

export async function insertApiKey(db: Db, key: NewApiKeyRow): Promise<ApiKeyRow> {
  return db.insertInto('platform.api_key').values(key).returning(API_KEY).executeTakeFirstOrThrow();
}

export type ApiKeyOwner = { userId: string; tenantId: string };

/** A user's keys in one tenant that are not revoked, oldest first. One row more than `limit`, if there is one. */
export async function listApiKeys(db: Db, owner: ApiKeyOwner, page: IdPage): Promise<ApiKeyRow[]> {
  const found = db
    .selectFrom('platform.api_key')
    .select(API_KEY)
    .where('tenant_id', '=', owner.tenantId)
    .where('user_id', '=', owner.userId)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('id', '>', page.after)).execute();
}

/** A key of this tenant that is not revoked. */
export async function findApiKey(db: Db, tenantId: string, id: string): Promise<ApiKeyRow | undefined> {
  return db
    .selectFrom('platform.api_key')
    .select(API_KEY)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}

/** All of a user's keys, or those in one tenant. */
export async function revokeApiKeysOf(db: Db, userId: string, at: Date, tenantId?: string): Promise<void> {
  const found = db
    .updateTable('platform.api_key')
    .set({ revoked_at: at })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null);
  await (tenantId === undefined ? found : found.where('tenant_id', '=', tenantId)).execute();
}

/** Gives a key another secret; the one before is good until then. */
export async function rotateApiKey(
  db: Db,
  id: string,
  secret: { hash: string; previousUntil: Date },
): Promise<ApiKeyRow> {
  return db
    .updateTable('platform.api_key')
    .set((of) => ({
      previous_secret_hash: of.ref('secret_hash'),
      secret_hash: secret.hash,
      previous_until: secret.previousUntil,
    }))
    .where('id', '=', id)
    .returning(API_KEY)
    .executeTakeFirstOrThrow();
}

export async function revokeApiKey(db: Db, tenantId: string, id: string, at: Date): Promise<void> {
  await db
    .updateTable('platform.api_key')
    .set({ revoked_at: at })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
}

/** A key, and what it may do now. */
export type ApiKeyStateRow = Standing & {
  id: string;
  secret_hash: string;
  scopes: ApiKeyScope[];
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  previous_secret_hash: string | null;
  previous_until: Date | null;
  kind: UserKind;
};

/** Undefined as well when the key's user is no longer in the tenant. */
export async function findApiKeyState(db: Db, prefix: string): Promise<ApiKeyStateRow | undefined> {
  return db
    .selectFrom('platform.api_key as key')
    .innerJoin('platform.user as user', 'user.id', 'key.user_id')
    .innerJoin('platform.tenant as tenant', 'tenant.id', 'key.tenant_id')
    .innerJoin('platform.membership as membership', (join) =>
      join.onRef('membership.user_id', '=', 'key.user_id').onRef('membership.tenant_id', '=', 'key.tenant_id'),
    )
    .select([
      'key.id',
      'key.secret_hash',
      'key.scopes',
      'key.expires_at',
      'key.last_used_at',
      'key.revoked_at',
      'key.previous_secret_hash',
      'key.previous_until',
      'user.kind',
      ...STANDING,
    ])
    .where('key.prefix', '=', prefix)
    .executeTakeFirst();
}

export async function setApiKeyUsed(db: Db, id: string, at: Date): Promise<void> {
  await db.updateTable('platform.api_key').set({ last_used_at: at }).where('id', '=', id).execute();
}
