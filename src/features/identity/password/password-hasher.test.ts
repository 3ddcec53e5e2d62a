import { describe, expect, test } from 'vitest';
import { countingAlgorithms, fakeBcrypt } from '../../../../test/support/identity.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { createPasswordHasher } from './password-hasher.ts';

/** Openwall's published vectors for bcrypt (crypt_blowfish 1.3, wrapper.c); `$2b$` is the same for them. */
const OPENWALL: readonly [hash: string, password: string][] = [
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
  ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
];

describe('the real password hashes', () => {
  const hasher = createPasswordHasher();

  test('are argon2id with 19 MiB, two passes and one lane, and salted', async () => {
    const [one, two] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await hasher.verify('correct horse', one)).toEqual({ matches: true, outdated: false });
    expect(await hasher.verify('wrong horse', one)).toEqual({ matches: false });
  });

  test('match however the same text was typed', async () => {
    const hash = await hasher.hash('café-café');
    expect(await hasher.verify('cafe\u0301-cafe\u0301', hash)).toEqual({ matches: true, outdated: false });
  });

  test.each(OPENWALL)('take bcrypt that comes from elsewhere: %s', async (hash, password) => {
    expect(await hasher.verify(password, hash)).toEqual({ matches: true, outdated: true });
    expect(await hasher.verify(`${password}x`, hash)).toEqual({ matches: false });
  });

  test('never match without a hash, or with one that is none', async () => {
    for (const hash of [null, '', 'correct horse', '$argon2id$v=19$m=19456,t=2,p=1$', `$2b$31$${'C'.repeat(53)}`]) {
      expect(await hasher.verify('correct horse', hash)).toEqual({ matches: false });
    }
  });
});

describe('the work for a password', () => {
  test('is one verification, whether there is a hash, none, or one that is unusable', async () => {
    for (const hash of [null, 'unusable', '']) {
      const { algorithms, calls } = countingAlgorithms();
      await createPasswordHasher({ algorithms }).verify('correct horse', hash);
      expect(calls).toEqual({ argon2Hash: 0, argon2Verify: 1, bcryptVerify: 0 });
    }
    const { algorithms, calls } = countingAlgorithms();
    const hasher = createPasswordHasher({ algorithms });
    const hash = await hasher.hash('correct horse');
    await hasher.verify('wrong horse', hash);
    expect(calls).toEqual({ argon2Hash: 1, argon2Verify: 1, bcryptVerify: 0 });
  });

  test('verifies the decoy with the full cost of a real hash', async () => {
    const { algorithms } = countingAlgorithms();
    const seen: string[] = [];
    const spying = {
      ...algorithms,
      argon2Verify: async (hash: string) => {
        seen.push(hash);
        return false;
      },
    };
    await createPasswordHasher({ algorithms: spying }).verify('any', null);
    expect(seen[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  test('gives bcrypt the password as it was typed', async () => {
    const { algorithms } = countingAlgorithms();
    const typed = 'cafe\u0301-cafe\u0301';
    const verdict = await createPasswordHasher({ algorithms }).verify(typed, fakeBcrypt(typed));
    expect(verdict).toEqual({ matches: true, outdated: true });
  });

  test('of 10,000 at once runs two at a time, and refuses what would wait too long', async () => {
    const { algorithms } = countingAlgorithms();
    let running = 0;
    let most = 0;
    const watched = {
      ...algorithms,
      argon2Verify: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        return false;
      },
    };
    const hasher = createPasswordHasher({ algorithms: watched, concurrency: 2, queueLength: 1_000 });
    const all = await Promise.allSettled(Array.from({ length: 10_000 }, () => hasher.verify('any', null)));
    const refused = all.filter((one) => one.status === 'rejected');
    expect(most).toBe(2);
    expect(refused).toHaveLength(10_000 - 1_002);
    expect(refused[0]?.reason).toBeInstanceOf(ApiError);
    expect(refused[0]?.reason).toMatchObject({ definition: { code: 'ERR_AUTH_005', kind: 'unavailable' } });
  });
});
