/** A stretch of time that a question names, from inclusive, to exclusive. */
export type TimeRange = { from: Date; to: Date; words: string };

const DAY_MS = 86_400_000;
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const NUMBERS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];

const AGO = new RegExp(
  String.raw`\b(\d{1,3}|an?|${NUMBERS.slice(1).join('|')}|a couple of|a few) (day|week|month|year)s? ago\b`,
  'i',
);
const LAST_SPAN = new RegExp(
  String.raw`\b(?:in|during|over|within|for) the (?:last|past) (\d{1,3}|${NUMBERS.slice(1).join('|')}|few|couple of) (day|week|month|year)s?\b`,
  'i',
);
const RELATIVE = /\b(last|this|past|previous) (week|month|year|weekend)\b/i;
const LAST_WEEKDAY = new RegExp(String.raw`\b(?:last|on) (${WEEKDAYS.join('|')})\b`, 'i');
// "may" is a verb, too: it is a month only behind a word of time, and written as one.
const MONTH = new RegExp(
  String.raw`\b(?:in|during|last|since|this|back in|early|late|mid)[ -](${MONTHS.join('|')})\b(?:,? (\d{4}))?`,
  'i',
);
const DATE = /\b(?:(?:on|since|from|after|before|until) )?(\d{4})-(\d{2})-(\d{2})\b/i;
const YEAR = /\bin (\d{4})\b/;

/**
 * The time that a question is about: "yesterday", "last week", "in May", "3 days ago", "on 2026-05-04". UTC, seen from
 * `now`. Null where it names none.
 */
export function timeRangeOf(question: string, now: Date): TimeRange | null {
  for (const read of READERS) {
    const range = read(question, now);
    if (range && range.from < range.to) return range;
  }
  return null;
}

type Reader = (question: string, now: Date) => TimeRange | null;

const READERS: readonly Reader[] = [
  readDate,
  readDay,
  readAgo,
  readLastSpan,
  readRelative,
  readMonth,
  readWeekday,
  readYear,
];

function readDate(question: string, now: Date): TimeRange | null {
  const found = DATE.exec(question);
  if (!found) return null;
  const [words, year, month, day] = found;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // There is no 31st of February, and no database has a year 0.
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1 || Number(year) < 1) return null;
  if (/^(?:before|until) /i.test(words)) return { from: BEGINNING, to: date, words };
  if (/^after /i.test(words)) return upToNow(addDays(date, 1), now, words);
  return isSince(words) ? upToNow(date, now, words) : days(date, 1, words);
}

const BEGINNING = new Date(0);

/** "Since" and "from" name where a time begins; it goes on until now. */
const isSince = (words: string) => /^(?:since|from) /i.test(words);
const upToNow = (from: Date, now: Date, words: string): TimeRange => ({ from, to: addDays(startOfDay(now), 1), words });

function readDay(question: string, now: Date): TimeRange | null {
  const found = /\b(day before yesterday|yesterday|last night|today|this morning|tonight)\b/i.exec(question);
  if (!found) return null;
  const word = found[0].toLowerCase();
  const back = word === 'day before yesterday' ? 2 : word === 'yesterday' || word === 'last night' ? 1 : 0;
  return days(addDays(startOfDay(now), -back), 1, found[0]);
}

/** About that long ago: a day more or less for days, half a unit for longer ones. */
function readAgo(question: string, now: Date): TimeRange | null {
  const found = AGO.exec(question);
  if (!found) return null;
  const unit = (found[2] ?? 'day').toLowerCase();
  const count = countOf(found[1] ?? '1');
  const fuzzy = /few|couple/i.test(found[1] ?? '');
  const centre = startOfDay(back(now, count, unit));
  const slack = { day: fuzzy ? 2 : 0, week: 3, month: 15, year: 183 }[unit] ?? 0;
  return { from: addDays(centre, -slack), to: addDays(centre, slack + 1), words: found[0] };
}

function readLastSpan(question: string, now: Date): TimeRange | null {
  const found = LAST_SPAN.exec(question);
  if (!found) return null;
  const from = startOfDay(back(now, countOf(found[1] ?? '1'), (found[2] ?? 'day').toLowerCase()));
  return { from, to: addDays(startOfDay(now), 1), words: found[0] };
}

function readRelative(question: string, now: Date): TimeRange | null {
  const found = RELATIVE.exec(question);
  if (!found) return null;
  const isThis = (found[1] ?? '').toLowerCase() === 'this';
  const unit = (found[2] ?? '').toLowerCase();
  // The past week reaches until now; last week ended on Sunday.
  if (/^past$/i.test(found[1] ?? '') && unit !== 'weekend')
    return upToNow(startOfDay(back(now, 1, unit)), now, found[0]);
  const monday = addDays(startOfDay(now), -((now.getUTCDay() + 6) % 7));
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const shift = isThis ? 0 : 1;
  switch (unit) {
    case 'week':
      return days(addDays(monday, -7 * shift), 7, found[0]);
    case 'weekend':
      return days(addDays(monday, 5 - 7 * shift), 2, found[0]);
    case 'month':
      return { from: utc(year, month - shift), to: utc(year, month - shift + 1), words: found[0] };
    default:
      return { from: utc(year - shift, 0), to: utc(year - shift + 1, 0), words: found[0] };
  }
}

function readMonth(question: string, now: Date): TimeRange | null {
  const found = MONTH.exec(question);
  if (!found) return null;
  const month = MONTHS.indexOf((found[1] ?? '').toLowerCase() as (typeof MONTHS)[number]);
  const year = found[2] === undefined ? lastYearWith(month, now) : Number(found[2]);
  if (isSince(found[0])) return upToNow(utc(year, month), now, found[0]);
  return { from: utc(year, month), to: utc(year, month + 1), words: found[0] };
}

/** The last such day before today. */
function readWeekday(question: string, now: Date): TimeRange | null {
  const found = LAST_WEEKDAY.exec(question);
  if (!found) return null;
  const day = WEEKDAYS.indexOf((found[1] ?? '').toLowerCase() as (typeof WEEKDAYS)[number]);
  const ago = (now.getUTCDay() - day + 7) % 7 || 7;
  return days(addDays(startOfDay(now), -ago), 1, found[0]);
}

function readYear(question: string, now: Date): TimeRange | null {
  const found = YEAR.exec(question);
  const year = Number(found?.[1]);
  if (!found || year < 1970 || year > now.getUTCFullYear()) return null;
  return { from: utc(year, 0), to: utc(year + 1, 0), words: found[0] };
}

function lastYearWith(month: number, now: Date): number {
  return month <= now.getUTCMonth() ? now.getUTCFullYear() : now.getUTCFullYear() - 1;
}

function countOf(word: string): number {
  const lower = word.toLowerCase();
  if (lower === 'a' || lower === 'an') return 1;
  if (lower.includes('couple')) return 2;
  if (lower.includes('few')) return 3;
  const spelled = NUMBERS.indexOf(lower);
  return spelled >= 0 ? spelled : Number(lower);
}

function back(now: Date, count: number, unit: string): Date {
  const date = new Date(now);
  if (unit === 'day') date.setUTCDate(date.getUTCDate() - count);
  else if (unit === 'week') date.setUTCDate(date.getUTCDate() - 7 * count);
  else return monthsBack(now, unit === 'month' ? count : 12 * count);
  return date;
}

/** A month before the 31st of March is the end of February, not the 3rd of March. */
function monthsBack(now: Date, count: number): Date {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() - count];
  const lastDay = utc(year, month + 1).getTime() - DAY_MS;
  return new Date(Math.min(Date.UTC(year, month, now.getUTCDate()), lastDay));
}

const utc = (year: number, month: number) => new Date(Date.UTC(year, month, 1));
const startOfDay = (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
const addDays = (date: Date, count: number) => new Date(date.getTime() + count * DAY_MS);
const days = (from: Date, count: number, words: string): TimeRange => ({ from, to: addDays(from, count), words });
