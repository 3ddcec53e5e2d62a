import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CATEGORIES,
  type Check,
  type CheckKind,
  catalogue,
  diffReports,
  KINDS,
  type Report,
  type ReportDiff,
  readWaivers,
  runReadiness,
  type Waiver,
  WaiverError,
} from '../../features/readiness/index.ts';
import { systemClock } from '../../platform/clock.ts';
import { CommandError } from '../failures.ts';
import { type ReadinessSubject, readinessSubject } from '../readiness.ts';
import { settings as defaults } from '../settings.ts';
import { version } from '../version.ts';
import { say, untilInterrupted } from './long-work.ts';
import { FILES, formatted } from './readiness-formats.ts';

/**
 * `parley readiness …`.
 * Exit codes: 0 GO, or a chain that is whole, or a comparison in which nothing got worse; 3 CONDITIONAL GO; 2 NO-GO, a chain that
 * is broken, or something that got worse; 64 a wrong option; 70 a fault of the command itself.
 */
const EXIT_OF = { GO: 0, 'CONDITIONAL GO': 3, 'NO-GO': 2 } as const;
const EXIT_WORSE = 2;

export type ReadinessOptions = {
  url?: string;
  load?: boolean;
  drills?: boolean;
  yesProduction?: boolean;
  only?: string;
  since?: string;
  waivers?: string;
  format?: string;
  out?: string;
};

export async function runReadinessCommand(options: ReadinessOptions): Promise<void> {
  const isMeant = meaningOf(options.only);
  const since = options.since === undefined ? null : momentOf(options.since, systemClock.now());
  const show = formatted(options.format ?? 'text');
  const waivers = await waiversOf(options.waivers);
  const subject = await readinessSubject();
  const url = addressOf(options.url, subject);
  const kinds = kindsOf(options);
  if (kinds.has('load') || kinds.has('drill')) await refuseInProduction(options, subject, url);
  const signal = untilInterrupted();
  const report = await runReadiness({
    ...subject,
    catalogue,
    url,
    kinds,
    isMeant,
    since,
    waivers,
    program: version,
    clock: systemClock,
    signal,
    onProgress: tellProgress,
  });
  if (options.out !== undefined) await writeAll(report, options.out);
  process.stdout.write(show(report));
  process.exitCode = EXIT_OF[report.verdict];
}

export function runReadinessCatalogue(): void {
  for (const { id, kind, category, weight, title, items } of catalogue) {
    say(`${id}\t${kind}\t${category}\t${weight}\t${title}\t${items.join(' ')}`);
  }
}

export async function runReadinessList(): Promise<void> {
  const { shelf } = await readinessSubject();
  const reports = await shelf.list();
  if (reports.length === 0) say(`There is no report in ${shelf.location}.`);
  for (const { id, started, verdict, commit, scores } of reports) {
    say(`${id}\t${started}\t${verdict}\t${scores.overall ?? '-'}\t${commit}`);
  }
}

export async function runReadinessShow(id: string | undefined, { format }: ReadinessOptions): Promise<void> {
  const show = formatted(format ?? 'text');
  process.stdout.write(show(await theReport(await readinessSubject(), id ?? 'latest')));
}

export async function runReadinessVerify(): Promise<void> {
  const { shelf } = await readinessSubject();
  const faults = await shelf.verify();
  const count = (await shelf.list()).length;
  for (const fault of faults) say(fault);
  say(
    faults.length === 0 ? `${count} report(s), the chain is whole.` : `${faults.length} fault(s): the chain is broken.`,
  );
  if (faults.length > 0) process.exitCode = EXIT_WORSE;
}

export async function runReadinessDiff(before: string, after: string, { format }: ReadinessOptions): Promise<void> {
  const subject = await readinessSubject();
  const diff = diffReports(await theReport(subject, before), await theReport(subject, after));
  if (format === 'json') say(JSON.stringify(diff, null, 2));
  else tellDiff(diff);
  if (diff.changes.some(({ kind }) => kind === 'worse')) process.exitCode = EXIT_WORSE;
}

function tellDiff({ before, after, configuration_changed, changes }: ReportDiff): void {
  say(`${before.verdict} (${before.started}) → ${after.verdict} (${after.started})`);
  for (const category of CATEGORIES) {
    const [was, is] = [before.scores[category], after.scores[category]];
    if (was !== is) say(`${category}: ${was ?? '-'} → ${is ?? '-'}`);
  }
  if (configuration_changed) say('The configuration has changed.');
  for (const change of changes) say(`${change.kind}\t${change.check}: ${change.before} → ${change.after}`);
  if (changes.length === 0) say('No check has another outcome.');
}

async function theReport({ shelf }: ReadinessSubject, id: string): Promise<Report> {
  const found = await shelf.find(id);
  if (found) return found;
  throw new CommandError(`There is no report "${id}" in ${shelf.location}; parley readiness list names them.`);
}

function kindsOf({ load, drills }: ReadinessOptions): ReadonlySet<CheckKind> {
  return new Set<CheckKind>([
    'static',
    'live',
    ...(load || drills ? ['load' as const] : []),
    ...(drills ? ['drill' as const] : []),
  ]);
}

/** @throws CommandError for a name that means nothing */
function meaningOf(only: string | undefined): (check: Check) => boolean {
  if (only === undefined) return () => true;
  const names = only
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const known = new Set<string>([...KINDS, ...CATEGORIES, ...catalogue.flatMap(({ id, items }) => [id, ...items])]);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0 || names.length === 0) {
    throw new CommandError(
      `--only: ${unknown.join(', ') || 'nothing'} is no check, kind, category or item that a check proves; parley readiness catalogue lists them.`,
    );
  }
  const isNamed = (name: string) => names.includes(name);
  return ({ id, kind, category, items }) => [id, kind, category, ...items].some(isNamed);
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `24h`, `7d`, or a moment in ISO 8601. @throws CommandError */
function momentOf(text: string, now: Date): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return new Date(now.getTime() - Number(count) * UNITS[unit as keyof typeof UNITS]);
  }
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(moment)) return new Date(moment);
  throw new CommandError(`--since must be like 24h, 7d or 2026-11-25T08:00:00Z, not "${text}".`);
}

async function waiversOf(file: string | undefined): Promise<readonly Waiver[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`--waivers: ${file} cannot be read (${error.code}).`);
  });
  try {
    return readWaivers(
      text,
      catalogue.map(({ id }) => id),
    );
  } catch (error) {
    throw error instanceof WaiverError ? new CommandError(error.message) : error;
  }
}

function addressOf(url: string | undefined, { config }: ReadinessSubject): string {
  const address = url ?? `http://127.0.0.1:${config?.port || defaults.port.fallback}`;
  if (!/^https?:/.test(address) || !URL.canParse(address)) {
    throw new CommandError(`--url must be an address such as https://parley.example.com, not "${address}".`);
  }
  return address.replace(/\/+$/, '');
}

/** Scratch installations share the machine with the real one, whose users would feel it. */
async function refuseInProduction(options: ReadinessOptions, { config }: ReadinessSubject, url: string): Promise<void> {
  if (options.yesProduction) return;
  const why =
    config === null
      ? 'the settings are not usable, so that nobody can tell whether this is production'
      : config.environment === 'production'
        ? 'this installation says ENVIRONMENT=production'
        : (await comesFromProduction(url))
          ? `the server at ${url} speaks as one of production`
          : null;
  if (why !== null)
    throw new CommandError(`Load and drills are refused: ${why}. --yes-production makes them all the same.`);
}

async function comesFromProduction(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  return answer?.headers.has('strict-transport-security') ?? false;
}

/** On standard error, a line a check: the report alone is on standard output. */
function tellProgress({
  check,
  number,
  of,
  finding,
}: Parameters<Parameters<typeof runReadiness>[0]['onProgress']>[0]): void {
  const place = `[${String(number).padStart(String(of).length)}/${of}]`;
  if (finding === null) {
    if (process.stderr.isTTY) process.stderr.write(`${place} ${check.id} …`);
    return;
  }
  const told = finding.outcome === 'pass' ? 'pass' : `${finding.outcome}: ${finding.observed}`;
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}${place} ${check.id}: ${told}\n`);
}

async function writeAll(report: Report, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [format, file] of Object.entries(FILES)) await writeFile(join(folder, file), formatted(format)(report));
}
