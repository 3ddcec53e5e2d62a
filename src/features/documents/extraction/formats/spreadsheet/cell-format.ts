/** Built-in number formats that show dates or times (ECMA-376 part 1, 18.8.30; also BIFF). */
const BUILT_IN_DATES = new Set([
  14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 30, 31, 36, 45, 46, 47, 50, 51, 52, 53, 54, 55, 56, 57, 58,
]);
const BUILT_IN_PERCENT = new Set([9, 10]);
const MILLISECONDS_A_DAY = 86_400_000;
/** Day 0 of the 1900 system, which counts a 29 February 1900 that never was; and of the Macintosh's. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);

export type CellFormat = 'plain' | 'date' | 'percent';

/** What a number format shows, from its number and, where it is not built in, its code. */
export function cellFormatOf(id: number, code: string | undefined): CellFormat {
  if (code === undefined) {
    if (BUILT_IN_DATES.has(id)) return 'date';
    return BUILT_IN_PERCENT.has(id) ? 'percent' : 'plain';
  }
  // Without quoted text, escapes, colours and locales; elapsed hours such as [h] are a duration, still a date's kind.
  const bare = code.replace(/"[^"]*"|\\.|[_*]./g, '').replace(/\[(?!h|m|s)[^\]]*\]/gi, '');
  if (/[dyhs]|m{1,5}/i.test(bare) && !/general/i.test(bare)) return 'date';
  return bare.includes('%') ? 'percent' : 'plain';
}

/** A number as a person reads it: without the noise of binary fractions, dates as ISO 8601. */
export function formatNumber(value: number, format: CellFormat, uses1904 = false): string {
  if (!Number.isFinite(value)) return '';
  if (format === 'date' && value >= 0 && value < 2_958_466) return formatDate(value, uses1904);
  if (format === 'percent') return `${rounded(value * 100)}%`;
  return rounded(value);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(15)));
}

function formatDate(serial: number, uses1904: boolean): string {
  // The phantom leap day shifts what is before 1 March 1900.
  const shift = !uses1904 && serial > 0 && serial < 60 ? 1 : 0;
  const seconds = Math.round((serial + shift) * 86_400);
  const iso = new Date((uses1904 ? EPOCH_1904 : EPOCH_1900) + seconds * 1_000).toISOString();
  const time = iso.slice(11, iso.slice(17, 19) === '00' ? 16 : 19);
  if (serial < 1) return time;
  return (seconds * 1_000) % MILLISECONDS_A_DAY === 0 ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`;
}
