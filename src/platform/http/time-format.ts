/** From the year 1 to 9999: what PostgreSQL, JSON and Date all understand. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether `new Date` makes a time of it that can be stored. RFC 3339 allows more: leap seconds, the year 0, and an offset that
 * leads out of the year 9999. */
export function isTime(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= EARLIEST_MS && ms <= LATEST_MS;
}
