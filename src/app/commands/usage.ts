import { findTenantBySlug } from '../../features/tenancy/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';
import type { Services } from '../services.ts';

export type UsageOptions = { tenant?: string; from?: string; to?: string; groupBy?: string; json?: boolean };

/** `parley usage`: what was used and what it cost, of every tenant or of one, with the budgets that hold for it. For the
 * operator at the machine; the embedded database must not be served meanwhile. */
export async function runUsage(options: UsageOptions): Promise<void> {
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    await (options.tenant === undefined ? showAll(services, options) : showOne(services, options.tenant, options));
  } catch (error) {
    throw error instanceof ApiError ? new CommandError(error.message, 1) : error;
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}

async function showAll({ usage }: Services, { json, ...options }: UsageOptions): Promise<void> {
  const report = await usage.reports.installation(rangeOf(options));
  if (json) return say(JSON.stringify(report));
  say(`What every tenant used from ${report.from} to ${report.to}, UTC`);
  const rows = report.data.map((row) => [row.slug ?? `${row.tenant_id} (gone)`, ...sumsOf(row)]);
  say(table(['tenant', ...SUMS], [...rows, ['in all', ...sumsOf(report.total)]]));
}

async function showOne({ usage, database }: Services, slug: string, { json, ...options }: UsageOptions): Promise<void> {
  const tenant = await findTenantBySlug(database.db, slug);
  if (!tenant) throw new CommandError(`There is no tenant "${slug}"; parley tenant list names them.`, 1);
  const groups = options.groupBy ?? 'model';
  const report = await usage.reports.ofTenant(tenant.id, { ...rangeOf(options), group_by: groups });
  const budgets = await usage.budgets.listOf(tenant.id);
  if (json) return say(JSON.stringify({ ...report, budgets }));
  say(`What ${slug} used from ${report.from} to ${report.to}, UTC`);
  const keys = groups.split(',').map((group) => COLUMNS[group] ?? group);
  const rows = report.data.map((row) => [...keys.map((key) => shown(row, key)), ...sumsOf(row)]);
  const total = ['in all', ...keys.slice(1).map(() => ''), ...sumsOf(report.total)];
  say(table([...keys, ...SUMS], [...rows, total]));
  say('\nBudgets');
  say(
    table(
      ['for', 'period', 'kind', 'set by', 'limit', 'spent', 'reserved'],
      budgets.map((one) => [
        one.subject_id === null ? one.scope : `${one.scope} ${one.subject_id}`,
        one.period,
        one.hard ? 'hard' : 'soft',
        one.set_by,
        usd(one.limit_usd),
        one.spent_usd === null ? '' : usd(one.spent_usd),
        one.reserved_usd === null ? '' : usd(one.reserved_usd),
      ]),
    ),
  );
}

const SUMS = ['calls', 'tokens in', 'tokens out', 'USD'];
/** Names of columns in a row of a report, by group. */
const COLUMNS: Readonly<Record<string, string>> = { user: 'user_id', key: 'api_key_id' };

type Sums = { calls: number; input_tokens: number; output_tokens: number; cost_usd: number };

function sumsOf({ calls, input_tokens, output_tokens, cost_usd }: Sums): string[] {
  return [String(calls), String(input_tokens), String(output_tokens), usd(cost_usd)];
}

function shown(row: object, key: string): string {
  return String((row as Record<string, unknown>)[key] ?? '–');
}

function rangeOf({ from, to }: UsageOptions) {
  return { ...(from !== undefined && { from: day('--from', from) }), ...(to !== undefined && { to: day('--to', to) }) };
}

function day(option: string, text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CommandError(`${option} must be a day, such as 2026-01-31, not "${text.slice(0, 50)}".`, 1);
}

function usd(amount: number): string {
  return amount.toFixed(4);
}

/** Columns as wide as what is in them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return [head, ...rows].map((row) => line(row).trimEnd()).join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
