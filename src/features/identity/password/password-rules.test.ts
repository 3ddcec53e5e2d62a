import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../platform/http/errors.ts';
import { newPassword, normalisePassword } from './password-rules.ts';

const character = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 1 });

describe('the rules for a new password', () => {
  test.each([
    'x7#q12345678',
    'correct horse battery staple',
    '        ',
    '密码密码密码密码',
    '🐎'.repeat(128),
    'é'.repeat(8),
  ])('take %j', async (password) => {
    expect(await newPassword(password)).toBe(password.normalize('NFKC'));
  });

  test.each([
    ['seven characters', '1234567'],
    ['nothing', ''],
    ['129 characters', 'x'.repeat(129)],
    ['characters that are fewer once they are composed', 'e\u0301'.repeat(7)],
    ['four horses, although JavaScript counts eight', '🐎'.repeat(4)],
    ['characters that are more once they are normalised', '\ufdfa'.repeat(100)],
  ])('refuse %s, and name the field', async (_, password) => {
    const refused = newPassword(password, 'new_password');
    await expect(refused).rejects.toThrow(ApiError);
    await expect(refused).rejects.toThrow('new_password must have 8 to 128 characters');
  });

  test.each(['12345678', 'PassWord1', 'iloveyou', 'Parley2026!', 'parleyparley'])(
    'refuse %s, which everybody tries first',
    async (password) => {
      await expect(newPassword(password)).rejects.toThrow('password is among the first that are tried');
    },
  );

  test('take exactly those of 8 to 128 characters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 140 }), async (characters) => {
        const password = characters.join('');
        const length = [...password.normalize('NFKC')].length;
        const allowed = length >= 8 && length <= 128;
        if (allowed) expect(await newPassword(password)).toBe(normalisePassword(password));
        else await expect(newPassword(password)).rejects.toThrow(ApiError);
      }),
    );
  });

  test('make one password of the ways to type the same text', async () => {
    expect(await newPassword('cafe\u0301-cafe\u0301')).toBe(await newPassword('café-café'));
  });
});
