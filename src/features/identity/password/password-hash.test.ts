import { describe, expect, test } from 'vitest';
import { isOutdated, readPasswordHash } from './password-hash.ts';

const TAIL = `${'a'.repeat(22)}$${'b'.repeat(43)}`;
const BCRYPT_TAIL = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

describe('reading a stored hash', () => {
  test('tells how it was made', () => {
    expect(readPasswordHash(`$argon2id$v=19$m=65536,t=3,p=4$${TAIL}`)).toEqual({
      scheme: 'argon2id',
      memory: 65_536,
      time: 3,
      parallelism: 4,
    });
    for (const version of ['2a', '2b', '2y']) {
      expect(readPasswordHash(`$${version}$12$${BCRYPT_TAIL}`)).toEqual({ scheme: 'bcrypt', cost: 12 });
    }
  });

  test.each([
    ['nothing', ''],
    ['a plain text', 'password'],
    ['an MD5 sum', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['argon2i', `$argon2i$v=19$m=65536,t=3,p=4$${TAIL}`],
    ['argon2id that would take 1 TB', `$argon2id$v=19$m=99999999,t=2,p=1$${TAIL}`],
    ['argon2id that would take hours', `$argon2id$v=19$m=19456,t=999,p=1$${TAIL}`],
    ['bcrypt of an unknown version', `$2x$10$${BCRYPT_TAIL}`],
    ['bcrypt that would take days', `$2b$31$${BCRYPT_TAIL}`],
    ['bcrypt that is cut off', `$2b$10$${BCRYPT_TAIL.slice(1)}`],
  ])('does not take %s for a hash that can be verified', (_, hash) => {
    expect(readPasswordHash(hash)).toEqual({ scheme: 'unknown' });
  });

  test.each([
    [`$argon2id$v=19$m=19456,t=2,p=1$${TAIL}`, false],
    [`$argon2id$v=19$m=65536,t=3,p=1$${TAIL}`, false],
    [`$argon2id$v=19$m=4096,t=2,p=1$${TAIL}`, true],
    [`$argon2id$v=19$m=19456,t=1,p=1$${TAIL}`, true],
    [`$2b$14$${BCRYPT_TAIL}`, true],
  ])('says of %s whether it is outdated: %s', (hash, outdated) => {
    expect(isOutdated(readPasswordHash(hash))).toBe(outdated);
  });
});
