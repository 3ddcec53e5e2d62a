import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../platform/http/errors.ts';
import { newPassword, normalisePassword } from './password-rules.ts';

const character = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 1 });

describe('the rules for a new password', () => {
  test.each([
    '12345678',
    'correct horse battery staple',
    '        ',
    '密码密码密码密码',
    '🐎'.repeat(128),
    'é'.repeat(8),
  ])('take %j', (password) => {
    expect(newPassword(password)).toBe(password.normalize('NFKC'));
  });

  test.each([
    ['seven characters', '1234567'],
    ['nothing', ''],
    ['129 characters', 'x'.repeat(129)],
    ['characters that are fewer once they are composed', 'e\u0301'.repeat(7)],
    ['four horses, although JavaScript counts eight', '🐎'.repeat(4)],
    ['characters that are more once they are normalised', '\ufdfa'.repeat(100)],
  ])('refuse %s, and name the field', (_, password) => {
    const refuse = () => newPassword(password, 'new_password');
    expect(refuse).toThrow(ApiError);
    expect(refuse).toThrow('new_password must have 8 to 128 characters');
  });

  test('take exactly those of 8 to 128 characters', () => {
    fc.assert(
      fc.property(fc.array(character, { maxLength: 140 }), (characters) => {
        const password = characters.join('');
        const length = [...password.normalize('NFKC')].length;
        const allowed = length >= 8 && length <= 128;
        if (allowed) expect(newPassword(password)).toBe(normalisePassword(password));
        else expect(() => newPassword(password)).toThrow(ApiError);
      }),
    );
  });

  test('make one password of the ways to type the same text', () => {
    expect(newPassword('cafe\u0301-cafe\u0301')).toBe(newPassword('café-café'));
  });
});
