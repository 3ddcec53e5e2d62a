import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newEmail, newUsername, normaliseEmail, readAccountName, shownName } from './account-name.ts';

describe('an e-mail address', () => {
  test.each([
    ['Ann@Example.COM', 'ann@example.com'],
    ['  ann@example.com\n', 'ann@example.com'],
    ["o'hara+tag@mail.example.co.uk", "o'hara+tag@mail.example.co.uk"],
    ['jürgen@münchen.de', 'jürgen@xn--mnchen-3ya.de'],
    ['用户@例え.jp', '用户@xn--r8jz45g.jp'],
    ['ａｎｎ@example.com', 'ann@example.com'],
  ])('%j is kept as %j', (typed, kept) => {
    expect(normaliseEmail(typed)).toBe(kept);
  });

  test.each([
    '',
    '@',
    'ann',
    'ann@',
    '@example.com',
    'ann@localhost',
    'ann@example..com',
    'ann@-example.com',
    '.ann@example.com',
    'ann.@example.com',
    'a..nn@example.com',
    'ann smith@example.com',
    'ann@example.com, bob@example.com',
    'ann@bob@example.com',
    '"ann"@example.com',
    'ann\u200b@example.com',
    'ann\u0000@example.com',
    'ann@exam\u0000ple.com',
    'ann@example.com/x',
    'ann@example.com:80',
    'ann@127.0.0.1',
    'ann@0x7f.1',
    'ann@[::1]',
    'ann@example.com?x',
    'ann@exa%6dple.com',
    `${'a'.repeat(65)}@example.com`,
    `ann@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(20)}`,
  ])('%j is none', (typed) => {
    expect(normaliseEmail(typed)).toBeNull();
    expect(() => newEmail(typed)).toThrow('email must be an e-mail address');
  });

  test('has one form, that does not change again', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (typed) => {
        const kept = normaliseEmail(typed);
        fc.pre(kept !== null);
        expect(normaliseEmail(kept)).toBe(kept);
        expect(normaliseEmail(typed.toUpperCase())).toBe(kept);
      }),
    );
  });

  test('of no text is anything but null or of the form name@domain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const kept = normaliseEmail(text);
        if (kept !== null) expect(kept).toMatch(/^[^@\s]+@[a-z0-9.-]+$/);
      }),
    );
  });
});

describe('a user name', () => {
  test.each(['ann', 'Ann.Smith_2-x', 'x'.repeat(64)])('may be %j', (name) => {
    expect(newUsername(name)).toBe(name);
  });

  test.each(['', 'an', 'x'.repeat(65), 'ann smith', 'änn', 'ann@home', 'ann\n'])('may not be %j', (name) => {
    expect(() => newUsername(name)).toThrow('username must have 3 to 64');
  });
});

test('what is typed to log in is an e-mail address when it has an @, else a user name', () => {
  expect(readAccountName('Ann@Example.com')).toEqual({ email: 'ann@example.com' });
  expect(readAccountName('Ann')).toEqual({ username: 'Ann' });
  expect(readAccountName('ann@')).toBeNull();
  expect(readAccountName('a b c')).toBeNull();
});

test('a name that is shown is one line', () => {
  expect(shownName('name', '  Ann 例え O’Hara-Ñ ')).toBe('Ann 例え O’Hara-Ñ');
  expect(shownName('name', '   ')).toBeNull();
  for (const text of ['a\nb', 'a\rb', 'a\tb', 'a\u001b[31mb', 'a\u2028b', 'admin\u202etxt']) {
    expect(() => shownName('full_name', text)).toThrow('full_name must be one line');
  }
});
