const SIZES = ['B', 'kB', 'MB', 'GB'];

/** As people say it, in the number format of their browser unless told. */
export function formatSize(bytes: number, locale?: string): string {
  const step = bytes < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${value.toLocaleString(locale, { maximumFractionDigits: value < 10 && step > 0 ? 1 : 0 })} ${SIZES[step]}`;
}

const DAY_MS = 86_400_000;

/** Whole days between two moments by the calendar of this machine, so that 23:59 is yesterday at 00:01. */
export function calendarDaysBetween(earlier: Date, later: Date): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / DAY_MS);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function formatDay(date: Date, now: Date): string {
  const days = calendarDaysBetween(date, now);
  if (days <= 0) return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (days === 1) return 'Yesterday';
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', ...year });
}
