import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../platform/database/database.ts';
import type { MembershipRole, TenantStatus, UserKind } from '../../platform/database/schema.ts';
import type { AccountName } from './account-name.ts';
import type { IdPage } from './list-page.ts';

/** SQL of users and memberships. */

const USER = [
  'user.id',
  'user.email',
  'user.username',
  'user.full_name',
  'user.is_active',
  'user.is_operator',
  'user.kind',
  'user.email_verified_at',
  'user.last_login_at',
  'user.created_at',
] as const;

const NEW_USER = [
  'id',
  'email',
  'username',
  'full_name',
  'is_active',
  'is_operator',
  'kind',
  'email_verified_at',
  'last_login_at',
  'created_at',
] as const;

export type UserRow = {
  id: string;
  email: string;
  username: string | null;
  full_name: string | null;
  is_active: boolean;
  is_operator: boolean;
  kind: UserKind;
  email_verified_at: Date | null;
  last_login_at: Date | null;
  created_at: Date;
};

export type UserCredentialRow = UserRow & { password_hash: string | null };

export type NewUser = {
  id: string;
  email: string;
  username: string | null;
  full_name: string | null;
  /** Null for who signs in at a provider only, and for service accounts. */
  password_hash: string | null;
  is_operator: boolean;
  kind?: UserKind;
  email_verified_at?: Date | null;
};

/** @throws the database's error on `user_email_unique` or `user_username_unique` */
export async function insertUser(trx: PlatformTransaction, user: NewUser): Promise<UserRow> {
  return trx.insertInto('platform.user').values(user).returning(NEW_USER).executeTakeFirstOrThrow();
}

export async function insertMembership(
  trx: PlatformTransaction,
  membership: { tenant_id: string; user_id: string; role: MembershipRole },
): Promise<void> {
  await trx.insertInto('platform.membership').values(membership).execute();
}

/** Whether the installation has no user yet. When it answers yes, it is so until the transaction ends: others wait. */
export async function hasNoUser(trx: PlatformTransaction): Promise<boolean> {
  if (await anyUser(trx)) return false;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('parley.first-user', 0))`.execute(trx);
  return !(await anyUser(trx));
}

async function anyUser(trx: PlatformTransaction): Promise<boolean> {
  return (await trx.selectFrom('platform.user as user').select('user.id').limit(1).executeTakeFirst()) !== undefined;
}

export async function findUserCredential(db: Db, name: AccountName): Promise<UserCredentialRow | undefined> {
  const users = db.selectFrom('platform.user as user').select([...USER, 'user.password_hash']);
  return 'email' in name
    ? users.where('user.email', '=', name.email).executeTakeFirst()
    : users.where(lowerUsername, '=', name.username.toLowerCase()).executeTakeFirst();
}

/** As the unique index has it, or it would not be used. */
const lowerUsername = sql<string>`lower("user".username COLLATE "C")`;

export async function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('platform.user as user').select(USER).where('user.email', '=', email).executeTakeFirst();
}

export async function findUserSecret(db: Db, userId: string): Promise<{ password_hash: string | null } | undefined> {
  return db.selectFrom('platform.user').select('password_hash').where('id', '=', userId).executeTakeFirst();
}

export async function setEmailVerified(trx: PlatformTransaction, userId: string, at: Date): Promise<void> {
  await trx
    .updateTable('platform.user')
    .set({ email_verified_at: at, updated_at: at })
    .where('id', '=', userId)
    .where('email_verified_at', 'is', null)
    .execute();
}

/** @throws the database's error on `user_username_unique` */
/** Whoever changes how the user signs in waits here for the end of the transaction. */
export async function lockUser(trx: PlatformTransaction, userId: string): Promise<void> {
  await trx.selectFrom('platform.user').select('id').where('id', '=', userId).forUpdate().executeTakeFirst();
}

/** Another address, which was shown to be the user's. Throws a unique violation on `user_email_unique` where it is taken. */
export async function setEmail(trx: PlatformTransaction, userId: string, email: string, at: Date): Promise<void> {
  await trx
    .updateTable('platform.user')
    .set({ email, email_verified_at: at, updated_at: at })
    .where('id', '=', userId)
    .execute();
}

export async function updateProfile(
  trx: PlatformTransaction,
  userId: string,
  change: { username?: string | null; full_name?: string | null },
): Promise<void> {
  await trx
    .updateTable('platform.user')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', userId)
    .execute();
}

/** Of the whole installation. False when there is no such user. */
export async function setUserActive(trx: PlatformTransaction, userId: string, active: boolean): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('platform.user')
    .set({ is_active: active, updated_at: new Date() })
    .where('id', '=', userId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function findUser(db: Db, userId: string): Promise<UserRow | undefined> {
  return db.selectFrom('platform.user as user').select(USER).where('user.id', '=', userId).executeTakeFirst();
}

/** Replaces a hash, unless the password was changed since it was read. */
export async function replacePasswordHash(
  db: Db,
  userId: string,
  hashes: { from: string | null; to: string },
): Promise<void> {
  await db
    .updateTable('platform.user')
    .set({ password_hash: hashes.to })
    .where('id', '=', userId)
    .where('password_hash', '=', hashes.from)
    .execute();
}

/** Gives an account a password, by its e-mail address. Returns its id; undefined where there is no such account. */
export async function setPasswordHash(
  trx: PlatformTransaction,
  email: string,
  passwordHash: string,
): Promise<string | undefined> {
  const row = await trx
    .updateTable('platform.user')
    .set({ password_hash: passwordHash, updated_at: new Date() })
    .where('email', '=', email)
    .returning('id')
    .executeTakeFirst();
  return row?.id;
}

export async function setLastLogin(trx: PlatformTransaction, userId: string, at: Date): Promise<void> {
  await trx.updateTable('platform.user').set({ last_login_at: at }).where('id', '=', userId).execute();
}

export type MembershipRow = {
  id: string;
  slug: string;
  name: string;
  status: TenantStatus;
  requires_second_factor: boolean;
  role: MembershipRole;
  /** Of the user in this tenant. */
  is_active: boolean;
  created_at: Date;
};

const MEMBERSHIP = [
  'tenant.id',
  'tenant.slug',
  'tenant.name',
  'tenant.status',
  'tenant.requires_second_factor',
  'membership.role',
  'membership.is_active',
  'tenant.created_at',
] as const;

function memberships(db: Db, userId: string) {
  return db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.tenant as tenant', 'tenant.id', 'membership.tenant_id')
    .select(MEMBERSHIP)
    .where('membership.user_id', '=', userId);
}

/** The tenant of that slug if the user is in it; without a slug the one that the user joined first. */
export async function findMembership(db: Db, userId: string, slug?: string): Promise<MembershipRow | undefined> {
  const found = memberships(db, userId);
  return slug === undefined
    ? found.orderBy('membership.created_at').orderBy('tenant.id').limit(1).executeTakeFirst()
    : found.where('tenant.slug', '=', slug).executeTakeFirst();
}

/** In order of id, which is the order of creation. One row more than `limit`, if there is one. */
export async function listMemberships(db: Db, userId: string, page: IdPage): Promise<MembershipRow[]> {
  const found = memberships(db, userId)
    .orderBy('tenant.id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('tenant.id', '>', page.after)).execute();
}

export type MemberRow = UserRow & { role: MembershipRole; is_member_active: boolean };

export async function listMembers(db: Db, tenantId: string, page: IdPage): Promise<MemberRow[]> {
  const found = db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select([...USER, 'membership.role', 'membership.is_active as is_member_active'])
    .where('membership.tenant_id', '=', tenantId)
    .where('user.kind', '=', 'person')
    .orderBy('user.id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('user.id', '>', page.after)).execute();
}
