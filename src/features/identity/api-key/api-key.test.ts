import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashSecret, newApiKey, parseApiKey, secretMatches } from './api-key.ts';

describe('an API key', () => {
  test('shows its prefix and hides 256 random bits', () => {
    const { key, prefix, secret } = newApiKey();
    expect(key).toMatch(/^pk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(parseApiKey(key)).toEqual({ prefix, secret });
    expect(newApiKey().key).not.toBe(key);
  });

  test('matches its own hash and no other', () => {
    const { secret } = newApiKey();
    const hash = hashSecret(secret);
    expect(hash).not.toContain(secret);
    expect(secretMatches(secret, hash)).toBe(true);
    expect(secretMatches(newApiKey().secret, hash)).toBe(false);
    expect(secretMatches(secret, '')).toBe(false);
    expect(secretMatches(secret, hash.slice(1))).toBe(false);
  });

  test.each(['', 'pk_', 'pk_0123456789abcdef', 'pk_0123456789abcdef_short', 'sk_0123456789abcdef_'.padEnd(63, 'a')])(
    'is not %j',
    (text) => {
      expect(parseApiKey(text)).toBeNull();
    },
  );

  test('is nothing that was lengthened, cut or split', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (more) => {
        const { key } = newApiKey();
        expect(parseApiKey(key + more)).toBeNull();
        expect(parseApiKey(more + key)).toBeNull();
        expect(parseApiKey(key.slice(1))).toBeNull();
      }),
    );
  });
});
