import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { createIdentity, type Identity, type IdentityOptions } from '../../src/features/identity/index.ts';
import { createPasswordHasher, type PasswordAlgorithms } from '../../src/features/identity/password/password-hasher.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { loadOwnMigrations } from '../../src/platform/database/migrations/installation.ts';
import type { Mail } from '../../src/platform/mail/mailer.ts';
import type { Outbox } from '../../src/platform/mail/outbox.ts';
import { createSecretBox, installationKeys } from '../../src/platform/secrets/secret-box.ts';

/** A clock that stands until it is moved. */
export type MovableClock = Clock & { advance(ms: number): void };

export function movableClock(start = new Date()): MovableClock {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    advance: (ms) => {
      now += ms;
    },
  };
}

export type HashCalls = { argon2Hash: number; argon2Verify: number; bcryptVerify: number };

/** Password arithmetic of the same form as the real one, but without the cost, that counts its calls. */
export function countingAlgorithms(): { algorithms: PasswordAlgorithms; calls: HashCalls } {
  const calls: HashCalls = { argon2Hash: 0, argon2Verify: 0, bcryptVerify: 0 };
  const argon2 = (password: string): string => {
    const digest = createHash('sha256').update(password).digest('base64').replaceAll('=', '');
    return `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$${digest}`;
  };
  const algorithms: PasswordAlgorithms = {
    argon2Hash: async (password) => {
      calls.argon2Hash += 1;
      return argon2(password);
    },
    argon2Verify: async (hash, password) => {
      calls.argon2Verify += 1;
      return hash === argon2(password);
    },
    bcryptVerify: async (password, hash) => {
      calls.bcryptVerify += 1;
      return hash === fakeBcrypt(password);
    },
  };
  return { algorithms, calls };
}

/** What `countingAlgorithms` takes for the bcrypt hash of a password. */
export function fakeBcrypt(password: string): string {
  const digest = createHash('sha512').update(password).digest('hex').slice(0, 53);
  return `$2b$10$${digest}`;
}

export type TestIdentity = { identity: Identity; clock: MovableClock; calls: HashCalls; mails: Mail[] };

/** The identity feature on a test's database, with a clock that stands, cheap password hashes and no floor of time. */
export async function testIdentity(database: Database, options: Partial<IdentityOptions> = {}): Promise<TestIdentity> {
  const clock = options.clock === undefined ? movableClock() : (options.clock as MovableClock);
  const mails: Mail[] = [];
  const outbox: Outbox = {
    post: async (_trx, mail) => {
      mails.push(mail);
    },
  };
  const { algorithms, calls } = countingAlgorithms();
  const identity = createIdentity({
    database,
    migrations: await loadOwnMigrations(),
    clock,
    log: pino({ enabled: false }),
    secretKey: 'a-secret-of-this-test-and-no-other',
    accessTokenLifetime: 30 * 60,
    passwords: createPasswordHasher({ algorithms }),
    failureFloor: 0,
    algorithm: 'HS256',
    box: createSecretBox(installationKeys([], 'a-secret-of-this-test-and-no-other')),
    outbox,
    publicUrl: 'http://parley.test',
    ...options,
  });
  return { identity, clock, calls, mails };
}

let accounts = 0;

/** An account that no other test has. */
export function newAccount(): { email: string; username: string; password: string } {
  accounts += 1;
  const name = `ann-${process.pid}-${accounts}`;
  return { email: `${name}@example.com`, username: name, password: 'correct horse battery' };
}
