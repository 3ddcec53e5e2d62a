import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { verify as bcryptVerify } from '@node-rs/bcrypt';
import { authErrors } from '../identity.errors.ts';
import { ARGON2, isOutdated, readPasswordHash } from './password-hash.ts';
import { normalisePassword } from './password-rules.ts';
import { createWorkLimit, WorkLimitError } from './work-limit.ts';

export type PasswordVerdict = { matches: false } | { matches: true; outdated: boolean };

export type PasswordHasher = {
  /** argon2id of a password that is normalised already. @throws ApiError ERR_AUTH_005 when too many wait */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /**
   * Compares as typed. Without a hash (no such user, no password) it costs one verification all the same, so that the
   * time tells nothing. @throws ApiError ERR_AUTH_005 when too many wait
   */
  verify(password: string, hash: string | null, signal?: AbortSignal): Promise<PasswordVerdict>;
};

/** What does the arithmetic; a parameter so that tests can count the calls. */
export type PasswordAlgorithms = {
  argon2Hash(password: string): Promise<string>;
  argon2Verify(hash: string, password: string): Promise<boolean>;
  bcryptVerify(password: string, hash: string): Promise<boolean>;
};

const algorithms: PasswordAlgorithms = {
  argon2Hash: (password) => argon2Hash(password, ARGON2),
  argon2Verify: (hash, password) => argon2Verify(hash, password),
  bcryptVerify: (password, hash) => bcryptVerify(password, hash),
};

/** Hashing runs on libuv's four threads, which files and name look-ups need too, and takes 19 MiB each. */
const CONCURRENCY = Math.min(availableParallelism(), 3);
/** About 10 s of work at 100 verifications a second; who comes after these would only meet the request's time-out. */
const QUEUE_LENGTH = 1_000;

export function createPasswordHasher(
  options: { concurrency?: number; queueLength?: number; algorithms?: PasswordAlgorithms } = {},
): PasswordHasher {
  const { argon2Hash, argon2Verify, bcryptVerify } = options.algorithms ?? algorithms;
  const limit = createWorkLimit({
    concurrency: options.concurrency ?? CONCURRENCY,
    queueLength: options.queueLength ?? QUEUE_LENGTH,
  });
  const run = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      return await limit.run(work, signal);
    } catch (error) {
      throw error instanceof WorkLimitError ? authErrors.busy(undefined, { headers: { 'retry-after': '5' } }) : error;
    }
  };
  const decoy = decoyHash();

  const compare = async (password: string, hash: string | null): Promise<PasswordVerdict> => {
    const form = readPasswordHash(hash ?? '');
    if (hash === null || form.scheme === 'unknown') {
      await argon2Verify(decoy, normalisePassword(password));
      return { matches: false };
    }
    // The systems that bcrypt hashes come from did not normalise.
    const matches =
      form.scheme === 'bcrypt'
        ? await bcryptVerify(password, hash)
        : await argon2Verify(hash, normalisePassword(password));
    return matches ? { matches, outdated: isOutdated(form) } : { matches: false };
  };

  return {
    hash: (password, signal) => run(() => argon2Hash(password), signal),
    verify: (password, hash, signal) => run(() => compare(password, hash), signal),
  };
}

/** A well-formed hash that no password has: verifying against it costs what verifying against a real one does. */
function decoyHash(): string {
  const base64 = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '');
  const { memoryCost, timeCost, parallelism } = ARGON2;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(16)}$${base64(32)}`;
}
