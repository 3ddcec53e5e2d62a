import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSecretBox, installationKeys, readKey, SealBrokenError } from './secret-box.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

describe('a secret box', () => {
  test('opens what it sealed, in its context', () => {
    const box = createSecretBox([oldKey]);
    const sealed = box.seal('sk-läuft', 'tenant 1');
    expect(sealed.includes('sk-')).toBe(false);
    expect(box.open(sealed, 'tenant 1')).toBe('sk-läuft');
    expect(() => box.open(sealed, 'tenant 2')).toThrow(SealBrokenError);
  });

  test('never seals the same text twice to the same bytes', () => {
    const box = createSecretBox([oldKey]);
    expect(box.seal('same', 'c').equals(box.seal('same', 'c'))).toBe(false);
  });

  test.each(['version', 'key id', 'nonce', 'tag', 'text'])('does not open what was changed in its %s', (part) => {
    const box = createSecretBox([oldKey]);
    const sealed = box.seal('secret', 'c');
    const at = { version: 0, 'key id': 2, nonce: 8, tag: 20, text: sealed.length - 1 }[part] as number;
    sealed[at] = (sealed[at] as number) ^ 1;
    expect(() => box.open(sealed, 'c')).toThrow(SealBrokenError);
  });

  test.each([0, 1, 32])('does not open %d bytes', (length) => {
    expect(() => createSecretBox([oldKey]).open(Buffer.alloc(length, 1), 'c')).toThrow(SealBrokenError);
  });

  test('with a newer key first opens what the older sealed, and seals with the newer', () => {
    const before = createSecretBox([oldKey]);
    const between = createSecretBox([newKey, oldKey]);
    const after = createSecretBox([newKey]);
    const sealed = before.seal('secret', 'c');
    expect(between.isCurrent(sealed)).toBe(false);
    const anew = between.seal(between.open(sealed, 'c'), 'c');
    expect(between.isCurrent(anew)).toBe(true);
    expect(after.open(anew, 'c')).toBe('secret');
    expect(() => after.open(sealed, 'c')).toThrow('ENCRYPTION_KEYS');
  });
});

test('an installation that is given keys later still opens what its SECRET_KEY sealed', () => {
  const sealed = createSecretBox(installationKeys([], 'the secret')).seal('text', 'c');
  const box = createSecretBox(installationKeys([newKey], 'the secret'));
  expect(box.open(sealed, 'c')).toBe('text');
  expect(box.isCurrent(sealed)).toBe(false);
  expect(() => createSecretBox(installationKeys([newKey], 'another')).open(sealed, 'c')).toThrow(SealBrokenError);
});

test('a key is 32 bytes in base64 or base64url', () => {
  expect(readKey(oldKey.toString('base64'))).toEqual(oldKey);
  expect(readKey(oldKey.toString('base64url'))).toEqual(oldKey);
  for (const text of ['', 'short', randomBytes(31).toString('base64'), `${oldKey.toString('base64')}x`]) {
    expect(readKey(text)).toBeNull();
  }
});
