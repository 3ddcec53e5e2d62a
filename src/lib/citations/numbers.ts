import { fold } from '../extractive/terms.ts';

/** A number that a claim states. "1.000" is a thousand or one: any of its `values` may be meant. */
export type StatedNumber = { values: readonly number[]; percent: boolean };

/** What a text can vouch for. */
export type VouchedNumbers = {
  values: ReadonlySet<number>;
  percents: ReadonlySet<number>;
  /** 1 to 12. */
  months: ReadonlySet<number>;
};

/** Numbers that passages write out; a claim is held to those it writes in digits. */
const NUMBER_WORDS: Readonly<Record<string, number>> = {
  ...{ zero: 0, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, eleven: 11 },
  ...{ twelve: 12, thirteen: 13, fourteen: 14, fifteen: 15, sixteen: 16, seventeen: 17, eighteen: 18, nineteen: 19 },
  ...{ twenty: 20, thirty: 30, forty: 40, fifty: 50, sixty: 60, seventy: 70, eighty: 80, ninety: 90 },
  ...{ first: 1, second: 2, third: 3, fourth: 4, fifth: 5, sixth: 6, seventh: 7, eighth: 8, ninth: 9, tenth: 10 },
  ...{ zwei: 2, drei: 3, vier: 4, funf: 5, sechs: 6, sieben: 7, acht: 8, neun: 9, zehn: 10, elf: 11, zwolf: 12 },
  ...{ deux: 2, trois: 3, quatre: 4, cinq: 5, sept: 7, huit: 8, neuf: 9, dix: 10 },
  ...{ dos: 2, tres: 3, cuatro: 4, cinco: 5, seis: 6, siete: 7, ocho: 8, nueve: 9, diez: 10 },
};

/** By the folded beginning of the word behind a number, longest first. */
const SCALES: readonly (readonly [word: RegExp, factor: number])[] = [
  [/^hundred/, 1e2],
  [/^(?:thousand|tausend|mille|k$)/, 1e3],
  [/^milliard|^billion|^bn$|^mrd$/, 1e9],
  [/^million|^millon|^mil?n$|^mio$|^m$/, 1e6],
  [/^trillion/, 1e12],
];

const MONTHS: readonly (readonly string[])[] = [
  ['january', 'jan', 'januar', 'janvier', 'enero', 'gennaio', 'janeiro'],
  ['february', 'feb', 'februar', 'fevrier', 'febrero', 'febbraio', 'fevereiro'],
  ['march', 'mar', 'marz', 'mars', 'marzo', 'marco'],
  ['april', 'apr', 'avril', 'abril', 'aprile'],
  ['may', 'mai', 'mayo', 'maggio', 'maio'],
  ['june', 'jun', 'juni', 'juin', 'junio', 'giugno', 'junho'],
  ['july', 'jul', 'juli', 'juillet', 'julio', 'luglio', 'julho'],
  ['august', 'aug', 'aout', 'agosto'],
  ['september', 'sep', 'sept', 'septembre', 'septiembre', 'settembre', 'setembro'],
  ['october', 'oct', 'oktober', 'okt', 'octobre', 'octubre', 'ottobre', 'outubro'],
  ['november', 'nov', 'novembre', 'noviembre', 'novembro'],
  ['december', 'dec', 'dezember', 'dez', 'decembre', 'diciembre', 'dicembre', 'dezembro'],
];
const MONTH_OF = new Map(MONTHS.flatMap((names, index) => names.map((name) => [name, index + 1] as const)));

/** The number of a month's name in the languages of MONTHS, or null. "May" and "Mar" count only with a capital. */
export function monthOf(word: string): number | null {
  return /^\p{Lu}/u.test(word) ? (MONTH_OF.get(fold(word)) ?? null) : null;
}

const PERCENT = /^\s?(?:%|٪|percent\b|per cent\b|prozent\b|pour cent\b|por ciento\b)/i;
/** Digits with what may separate thousands and decimals. Parts of dates and times come out one by one. */
const DIGITS =
  /(?<![\p{L}\d_.,])(?:\d{1,3}(?:([,.'’\u00a0\u202f])\d{3})(?:\1\d{3})*(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)/gu;

/** The numbers in digits that a text states; names such as "B2B" and "GPT-4" hold none. */
export function statedNumbers(text: string): StatedNumber[] {
  const ascii = asciiDigits(text);
  return [...ascii.matchAll(DIGITS)].map((match) => {
    const behind = ascii.slice(match.index + match[0].length, match.index + match[0].length + 20);
    const values = readings(match[0]).flatMap((value) => scalesOf(behind).map((factor) => value * factor));
    return { values, percent: PERCENT.test(behind) };
  });
}

/** English and continental reading of separators; one value when they agree. */
function readings(digits: string): number[] {
  const plain = digits.replace(/['’\s]/g, '');
  const english = Number(plain.replaceAll(',', ''));
  const continental = Number(plain.replaceAll('.', '').replace(',', '.'));
  return [...new Set([english, continental])].filter(Number.isFinite);
}

/** What the word behind a number multiplies it by; one letter may as well be a unit ("330 m"). */
function scalesOf(behind: string): readonly number[] {
  const word = fold(/^[^\S\n]?-?(\p{L}+)/u.exec(behind)?.[1] ?? '');
  const factor = SCALES.find(([pattern]) => pattern.test(word))?.[1] ?? 1;
  return word.length === 1 ? [1, factor] : [factor];
}

/** Everything that a text could mean by its numbers, so that no honest claim is refused for its spelling. */
export function vouchedNumbers(text: string): VouchedNumbers {
  const values = new Set<number>();
  const percents = new Set<number>();
  for (const stated of statedNumbers(text)) {
    for (const value of stated.values) {
      values.add(value);
      if (stated.percent) percents.add(value);
      // 0.45 is 45 %.
      else if (value <= 1) percents.add(Math.round(value * 1e8) / 1e6);
    }
  }
  for (const value of plainIntegers(text)) values.add(value);
  const months = monthsIn(text);
  for (const month of months) values.add(month);
  for (const [word] of text.matchAll(/\p{L}+/gu)) {
    const value = NUMBER_WORDS[fold(word)];
    if (value !== undefined) values.add(value);
  }
  return { values, percents, months };
}

/** "3.12.2021" and "1990s", "3 million" in a table that counts in millions, "1 000" with a plain space. */
function plainIntegers(text: string): number[] {
  const ascii = asciiDigits(text);
  const alone = ascii.match(/\d+/g) ?? [];
  const grouped = ascii.match(/\d{1,3}(?: \d{3})+(?!\d)/g) ?? [];
  return [...alone, ...grouped.map((digits) => digits.replaceAll(' ', ''))].map(Number);
}

/** Months by name, and what may be one in a date of digits, whichever way round it is written. */
function monthsIn(text: string): ReadonlySet<number> {
  const named = (text.match(/\p{L}+/gu) ?? []).map(monthOf).filter((month) => month !== null);
  const dates = asciiDigits(text).match(/\d{1,4}([-/.])\d{1,2}\1\d{1,4}/g) ?? [];
  const parts = dates.flatMap((date) => date.split(/\D/).map(Number));
  return new Set([...named, ...parts.filter((part) => part >= 1 && part <= 12)]);
}

/** The months that a claim names: beside a number, or not where "May" and "March" may begin a sentence. */
export function statedMonths(claim: string): number[] {
  return [...claim.matchAll(/\p{L}+/gu)].flatMap(({ 0: word, index }) => {
    const month = monthOf(word);
    const besideNumber =
      /\d[\s.,a-z]{0,4}$/.test(claim.slice(Math.max(0, index - 6), index)) ||
      /^[\s.,]{0,2}\d/.test(claim.slice(index + word.length));
    const opens = !/[\p{L},]\s$/u.test(claim.slice(Math.max(0, index - 2), index));
    return month !== null && (besideNumber || !opens) ? [month] : [];
  });
}

export function isVouched({ values, percent }: StatedNumber, vouched: VouchedNumbers): boolean {
  return values.some((value) => (percent ? vouched.percents : vouched.values).has(value));
}

/** The first digits of Arabic, Persian, Devanagari and full-width numbers. */
const ZEROS = [0x660, 0x6f0, 0x966, 0xff10];

function asciiDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\uff10-\uff19]/g, (digit) => {
    const code = digit.charCodeAt(0);
    return String(code - (ZEROS.findLast((zero) => zero <= code) ?? code));
  });
}
