import { createHash } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import { authErrors } from '../identity.errors.ts';
import * as store from './login-lock.store.ts';

/** So many failed logins within an hour lock an account, or an address, for so long. */
export type LoginLock = { failures: number; minutes: number };

/** Whose failures count together. */
export type Subjects = readonly string[];

type Context = { database: Database; clock: Clock; loginLock: LoginLock };

const MINUTE_MS = 60_000;
const MEMORY_MS = 60 * MINUTE_MS;

/** An account that does not exist counts as any other does, so that a lock does not tell which exist. One that does is
 * counted by its id: it has two names. */
export function subjectsOf(userId: string | null, name: string, address: string | undefined): Subjects {
  const account = userId === null ? unknownAccount(name) : accountOf(userId);
  return address === undefined ? [account] : [account, `address:${address}`];
}

function accountOf(userId: string): string {
  return `account:${userId}`;
}

function unknownAccount(name: string): string {
  const normalised = name.normalize('NFKC').trim().toLowerCase();
  return `name:${createHash('sha256').update(normalised).digest('base64url')}`;
}

/** Also refuses the right password: else a guesser would learn which one it is.
 * @throws ApiError ERR_AUTH_008 */
export async function refuseLocked({ database, clock }: Context, subjects: Subjects): Promise<void> {
  const now = clock.now();
  const until = await store.findLock(database.db, subjects, now);
  if (until === null) return;
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000));
  throw authErrors.locked(`Too many logins have failed. Try again in ${seconds} seconds.`, {
    headers: { 'retry-after': String(seconds) },
  });
}

/** Counts for each of the subjects. Logins that are under way when the last one fails still come to their end. */
export async function countFailure({ database, clock, loginLock }: Context, subjects: Subjects): Promise<void> {
  const now = clock.now();
  await store.addFailure(database.db, subjects, {
    now,
    forgottenAt: new Date(now.getTime() + MEMORY_MS),
    most: loginLock.failures,
    lockedUntil: new Date(now.getTime() + loginLock.minutes * MINUTE_MS),
  });
  await store.deleteExpiredFailures(database.db, now);
}

/** After a success. Not those of the address: whoever guesses from it may have an account of their own. */
export async function forgetFailures(trx: PlatformTransaction, userId: string): Promise<void> {
  await store.deleteFailures(trx, accountOf(userId));
}
