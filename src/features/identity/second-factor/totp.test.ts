import { describe, expect, test } from 'vitest';
import { base32, matchingStep, newTotpSecret, otpauthUri, stepAt, totpCode } from './totp.ts';

const SECRET = Buffer.from('12345678901234567890');

describe('one-time passwords', () => {
  // RFC 6238, appendix B, the rows of SHA-1.
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %d s is %s', (seconds, code) => {
    expect(totpCode(SECRET, stepAt(new Date(seconds * 1000)), 8)).toBe(code);
  });

  // RFC 4226, appendix D.
  test('are those of RFC 4226 by counter', () => {
    const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
    expect(codes.map((_, counter) => totpCode(SECRET, counter))).toEqual(codes);
  });

  test('are good one step early and late, not two, and never at or before a step that was used', () => {
    const now = new Date(1_700_000_000_000);
    const step = stepAt(now);
    const matching = (at: number, after = 0) => matchingStep(SECRET, totpCode(SECRET, at), now, after);
    expect([-2, -1, 0, 1, 2].map((away) => matching(step + away))).toEqual([null, step - 1, step, step + 1, null]);
    expect(matching(step, step)).toBeNull();
    expect(matching(step + 1, step)).toBe(step + 1);
  });

  test.each(['', '1', '12345', '1234567', 'abcdef', '１２３４５６', '12345\0'])('%j is none', (code) => {
    expect(matchingStep(SECRET, code, new Date(), 0)).toBeNull();
  });

  test('a clock that is wrong by an hour makes none that is good', () => {
    const now = new Date(1_700_000_000_000);
    for (const away of [-3_600_000, 3_600_000]) {
      const code = totpCode(SECRET, stepAt(new Date(now.getTime() + away)));
      expect(matchingStep(SECRET, code, now, 0)).toBeNull();
    }
  });

  // RFC 4648, section 10.
  test.each([
    ['', ''],
    ['f', 'MY'],
    ['foob', 'MZXW6YQ'],
    ['foobar', 'MZXW6YTBOI'],
  ])('base32 of %j is %s', (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected);
  });

  test('the address for authenticators escapes the account', () => {
    expect(otpauthUri(SECRET, 'a&b@example.com')).toBe(
      'otpauth://totp/Parley:a%26b%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Parley',
    );
    expect(newTotpSecret()).toHaveLength(20);
  });
});
