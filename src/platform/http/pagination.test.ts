import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from './errors.ts';
import { decodeCursor, encodeCursor, pageOf } from './pagination.ts';

const KINDS = ['string', 'integer'] as const;

describe('a cursor', () => {
  test('gives back the key that it was made of', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string(), fc.maxSafeInteger()), ([text, number]) => {
        const key = [text.toWellFormed().replaceAll('\0', ''), number] as const;
        expect(decodeCursor(encodeCursor(key), KINDS)).toEqual(key);
      }),
    );
  });

  test('is made of letters that an address can hold', () => {
    expect(encodeCursor(['ä?&/+ ', 1])).toMatch(/^[\w-]+$/);
  });

  const foreign = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  test.each([
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['empty', foreign('')],
    ['no list', foreign({ 0: 'a', 1: 2, length: 2 })],
    ['null', foreign(null)],
    ['too short', foreign(['a'])],
    ['too long', foreign(['a', 1, 2])],
    ['of other kinds', foreign([1, 'a'])],
    ['of lists', foreign([['a'], [1]])],
    ['with a hole', foreign(['a', null])],
    ['with half a number', foreign(['a', 1.5])],
    ['with what no database text holds', foreign(['a\0', 1])],
    ['of another list', encodeCursor(['2026-11-21T00:00:00.000Z', 'id'])],
  ])('that this list did not give is refused: %s', (_what, cursor) => {
    const decode = () => decodeCursor(cursor, KINDS);
    expect(decode).toThrow(ApiError);
    expect(decode).toThrow('cursor is not a cursor that this list gave; leave it out to start again');
  });

  test.each(['x', '2016-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', ''])(
    'has a time that can be stored, which %s is not',
    (time) => {
      expect(() => decodeCursor(foreign([time]), ['time'])).toThrow(ApiError);
      expect(() => decodeCursor(foreign([time]), ['id'])).toThrow(ApiError);
    },
  );

  test('gives a time as a Date', () => {
    const time = new Date('2026-03-29T01:30:00.123Z');
    expect(decodeCursor(encodeCursor([time.toISOString()]), ['time'])).toEqual([time]);
  });

  test('never makes anything but a key or a refusal, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        try {
          expect(decodeCursor(cursor, KINDS).map((part) => typeof part)).toEqual(['string', 'number']);
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
        }
      }),
    );
  });
});

describe('a page', () => {
  const rows = [1, 2, 3].map((id) => ({ id }));
  const page = (limit: number, from = rows) =>
    pageOf(
      from,
      limit,
      ({ id }) => `row ${id}`,
      ({ id }) => [id],
    );

  test('ends with the key of its last row where there are more', () => {
    const { data, next_cursor } = page(2);
    expect(data).toEqual(['row 1', 'row 2']);
    expect(decodeCursor(next_cursor ?? '', ['integer'])).toEqual([2]);
  });

  test.each([3, 4])('that holds the rest has no next one, with room for %i', (limit) => {
    expect(page(limit)).toEqual({ data: ['row 1', 'row 2', 'row 3'], next_cursor: null });
  });

  test('of nothing is empty', () => {
    expect(page(5, [])).toEqual({ data: [], next_cursor: null });
  });
});
