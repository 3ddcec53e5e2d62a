import { describe, expect, it } from 'vitest';
import { isStopWord } from './stop-words.ts';
import { likeness, termsOf } from './terms.ts';

const stems = (text: string) => termsOf(text).map(({ stem }) => stem);

describe('termsOf', () => {
  it.each([
    ['cities city', 1],
    ['stopped stopping stops stop', 1],
    ['passes passed passing pass', 1],
    ['created creating creates create', 1],
    ["the team's team", 2],
    ['Café CAFÉ cafe', 1],
    ['1,000 1’000 1000', 1],
    ['bus buses', 1],
  ])('lets %j meet in %i', (text, count) => {
    expect(new Set(stems(text)).size).toBe(count);
  });

  it.each(['is his', 'red reed', 'sing string', '1,5 15'])('keeps %j apart', (text) => {
    expect(new Set(stems(text)).size).toBe(2);
  });

  it('gives the places of the words', () => {
    const text = 'Größe: 1,5 m²';
    expect(termsOf(text).map(({ start, end }) => text.slice(start, end))).toEqual(['Größe', '1,5', 'm', '²']);
  });

  it('takes scripts without spaces in pairs', () => {
    expect(stems('東京タワー')).toEqual(['東京', '京タ', 'タワ', 'ワー']);
    expect(stems('塔')).toEqual(['塔']);
  });
});

describe('likeness', () => {
  it('sees families of words, and nothing in chance beginnings', () => {
    expect(likeness('intercept', 'intercept')).toBe(1);
    expect(likeness('intercept', 'interception')).toBe(0.7);
    expect(likeness('inter', 'intercept')).toBe(0);
    expect(likeness('port', 'portal')).toBe(0);
  });
});

describe('isStopWord', () => {
  it('knows them however they are written', () => {
    expect(['The', 'où', 'für', 'qué', 'WHAT'].every(isStopWord)).toBe(true);
    expect(['tower', 'null', 'Eiffel'].some(isStopWord)).toBe(false);
  });
});
