import type { PresentedEntry } from './audit.schema.ts';

const COLUMNS = [
  'created_at',
  'tenant_id',
  'number',
  'act',
  'actor_kind',
  'actor_id',
  'api_key_id',
  'target_kind',
  'target_id',
  'address',
  'request_id',
  'details',
  'id',
  'hash',
] as const;

export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

/** One line of CSV (RFC 4180). */
export function csvLine(entry: PresentedEntry): string {
  const { actor, target, details, ...plain } = entry;
  const cells: Record<(typeof COLUMNS)[number], string | number | null> = {
    ...plain,
    actor_kind: actor.kind,
    actor_id: actor.id,
    api_key_id: actor.api_key_id,
    target_kind: target?.kind ?? null,
    target_id: target?.id ?? null,
    details: JSON.stringify(details),
  };
  return `${COLUMNS.map((column) => cell(cells[column])).join(',')}\r\n`;
}

/** A spreadsheet takes what begins like this for a formula, also behind quotes. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | number | null): string {
  const text = String(value ?? '');
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
