import type { PlatformTransaction } from '../../../platform/database/database.ts';
import type { Rotation } from '../../../platform/secrets/sealed-store.ts';
import { SealBrokenError } from '../../../platform/secrets/secret-box.ts';
import { actBy, recordAct } from '../../tenancy/index.ts';
import { authErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { secondFactorRemovedMail } from '../mail/mail-texts.ts';
import { requirePassword, requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-code.ts';
import * as store from './second-factor.store.ts';
import { base32, matchingStep, newTotpSecret, otpauthUri } from './totp.ts';

export type Enrolment = { secret: string; otpauthUri: string };

export type SecondFactorState = { enabled: boolean; recoveryCodesLeft: number };

export async function describeSecondFactor(identity: Identity, principal: Principal): Promise<SecondFactorState> {
  const { db } = identity.database;
  const factor = await store.findSecondFactor(db, principal.userId);
  const enabled = factor !== undefined && factor.confirmed_at !== null;
  return { enabled, recoveryCodesLeft: enabled ? await store.countRecoveryCodes(db, principal.userId) : 0 };
}

/**
 * Makes a secret for an authenticator. It guards nothing until its first code comes to `confirmSecondFactor`.
 * @throws ApiError ERR_AUTH_013 for a wrong password, ERR_AUTH_014, ERR_AUTH_017
 */
export async function enrolSecondFactor(
  identity: Identity,
  principal: Principal,
  password: string | undefined,
  signal?: AbortSignal,
): Promise<Enrolment> {
  requirePerson(principal);
  await requirePassword(identity, principal, password, signal);
  const user = await users.findUser(identity.database.db, principal.userId);
  return makeSecret(identity, principal.userId, user?.email ?? '');
}

/** @throws ApiError ERR_AUTH_017 */
export async function makeSecret(identity: Identity, userId: string, email: string): Promise<Enrolment> {
  const secret = newTotpSecret();
  const sealed = identity.box.seal(secret.toString('base64'), contextOf(userId));
  const saved = await store.saveUnconfirmed(identity.database.db, userId, sealed, identity.clock.now());
  if (!saved) throw authErrors.secondFactorThere();
  return { secret: base32(secret), otpauthUri: otpauthUri(secret, email) };
}

function contextOf(userId: string): string {
  return `second-factor\n${userId}`;
}

/**
 * Begins to guard the account. The recovery codes are in this answer and nowhere else.
 * @throws ApiError ERR_AUTH_019, ERR_AUTH_014, ERR_AUTH_016, ERR_AUTH_017
 */
export async function confirmSecondFactor(identity: Identity, principal: Principal, code: string): Promise<string[]> {
  requirePerson(principal);
  return identity.database.transaction(async (trx) => {
    const codes = await confirmWithin(identity, trx, principal.userId, code);
    if (codes === null) throw wrongCode();
    await recordAct(trx, actBy(principal, { act: 'second-factor.enable' }), identity.clock.now());
    return codes;
  });
}

/** Null for a wrong code. */
export async function confirmWithin(
  identity: Identity,
  trx: PlatformTransaction,
  userId: string,
  code: string,
): Promise<string[] | null> {
  const factor = await store.findSecondFactor(trx, userId);
  if (!factor) throw authErrors.noSecondFactor();
  if (factor.confirmed_at !== null) throw authErrors.secondFactorThere();
  if (!(await takeTotp(identity, trx, userId, factor, code))) return null;
  await store.confirm(trx, userId, identity.clock.now());
  return renewCodes(trx, userId);
}

async function renewCodes(trx: PlatformTransaction, userId: string): Promise<string[]> {
  const codes = newRecoveryCodes();
  await store.replaceRecoveryCodes(trx, userId, codes.map(hashRecoveryCode));
  return codes;
}

async function takeTotp(
  identity: Identity,
  trx: PlatformTransaction,
  userId: string,
  factor: store.SecondFactorRow,
  code: string,
): Promise<boolean> {
  const secret = Buffer.from(identity.box.open(factor.secret, contextOf(userId)), 'base64');
  const step = matchingStep(secret, code.replaceAll(/\s/g, ''), identity.clock.now(), factor.last_step);
  return step !== null && (await store.takeStep(trx, userId, step));
}

/** Takes a code of the authenticator or a recovery code, each good once. Null when it is neither. */
export async function takeCode(
  identity: Identity,
  trx: PlatformTransaction,
  userId: string,
  code: string,
): Promise<'totp' | 'recovery-code' | null> {
  const factor = await store.findSecondFactor(trx, userId);
  if (!factor || factor.confirmed_at === null) return null;
  if (/^\s*\d{3}\s*\d{3}\s*$/.test(code)) {
    return (await takeTotp(identity, trx, userId, factor, code)) ? 'totp' : null;
  }
  return (await store.takeRecoveryCode(trx, userId, hashRecoveryCode(code))) ? 'recovery-code' : null;
}

/**
 * Removes the second factor, by a code or by a recovery code where the authenticator is lost.
 * @throws ApiError ERR_AUTH_019, ERR_AUTH_014, ERR_AUTH_016
 */
export async function removeSecondFactor(identity: Identity, principal: Principal, code: string): Promise<void> {
  await withCode(identity, principal, code, async (trx, by) => {
    await store.deleteSecondFactor(trx, principal.userId);
    const user = await users.findUser(trx, principal.userId);
    if (user)
      await identity.outbox?.post(trx, secondFactorRemovedMail(user.email, `${identity.publicUrl}/forgot-password`));
    await recordAct(trx, actBy(principal, { act: 'second-factor.disable', details: { by } }), identity.clock.now());
  });
}

/** @throws ApiError ERR_AUTH_019, ERR_AUTH_014, ERR_AUTH_016 */
export async function renewRecoveryCodes(identity: Identity, principal: Principal, code: string): Promise<string[]> {
  return withCode(identity, principal, code, async (trx, by) => {
    const codes = await renewCodes(trx, principal.userId);
    await recordAct(trx, actBy(principal, { act: 'second-factor.renew-codes', details: { by } }), identity.clock.now());
    return codes;
  });
}

async function withCode<T>(
  identity: Identity,
  principal: Principal,
  code: string,
  work: (trx: PlatformTransaction, by: 'totp' | 'recovery-code') => Promise<T>,
): Promise<T> {
  requirePerson(principal);
  const { enabled } = await describeSecondFactor(identity, principal);
  if (!enabled) throw authErrors.noSecondFactor();
  return identity.database.transaction(async (trx) => {
    const by = await takeCode(identity, trx, principal.userId, code);
    if (by === null) throw wrongCode();
    return work(trx, by);
  });
}

/** From now on a login into the tenant needs a second factor; logins that were begun without end. */
export async function requireInTenant(identity: Identity, principal: Principal, required: boolean): Promise<void> {
  requirePerson(principal);
  await identity.database.transaction(async (trx) => {
    await store.setTenantRequirement(trx, principal.tenant.id, required);
    const act = required ? 'tenant.require-second-factor' : 'tenant.unrequire-second-factor';
    await recordAct(trx, actBy(principal, { act }), identity.clock.now());
  });
}

/** Seals every secret with the newest key of the installation. */
export async function sealFactorsAnew({ database, box }: Identity): Promise<Rotation> {
  const rows = await store.listSecrets(database.db);
  const broken: string[] = [];
  let sealed = 0;
  for (const { user_id, secret: from } of rows) {
    if (box.isCurrent(from)) continue;
    try {
      const to = box.seal(box.open(from, contextOf(user_id)), contextOf(user_id));
      await store.replaceSecret(database.db, user_id, { from, to });
      sealed += 1;
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      broken.push(`of user ${user_id}`);
    }
  }
  return { sealed, current: rows.length - sealed - broken.length, broken };
}

/** Not 401, which would tell clients that their token is no good. */
function wrongCode() {
  const message = 'is wrong, or was used before';
  return authErrors.wrongOwnCode(undefined, { fields: [{ field: 'code', message }] });
}
