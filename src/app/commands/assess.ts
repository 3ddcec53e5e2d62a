import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { styleText } from 'node:util';
import {
  type Analysis,
  analyse,
  type CodePlace,
  type FetchedCode,
  FetchFault,
  fetchCode,
  REPORT_FORMATS,
  renderReport,
} from '../../features/code/index.ts';
import { createOutside } from '../../platform/resilience/outside.ts';
import { codeOptions } from '../code-options.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { untilSignal } from '../shutdown.ts';

type AssessOptions = { format: string; failOn?: string; branch?: string; most: string };

const FORMATS: readonly string[] = ['text', ...REPORT_FORMATS];
/** From the worst. */
const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
/** What the command ends with where `--fail-on` is met. */
const FOUND = 2;

/** `parley assess`: measures and judges a folder, an archive or a git repository, without a server, database or tenant. */
export async function runAssess(place: string, options: AssessOptions): Promise<void> {
  const failOn = severityOf(options.failOn);
  if (!FORMATS.includes(options.format)) throw new CommandError(`--format must be one of ${FORMATS.join(', ')}.`);
  const config = await loadConfig();
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort(new CommandError('Stopped.', 130)));
  const fetched = await fetchPlace(place, config, options.branch ?? null, stop.signal);
  const analysis = await analyse(fetched.code, {
    signal: stop.signal,
    limits: { timeMs: config.codeAnalysisSeconds * 1000 },
    onProgress: (done, of) => showProgress(`${done} of ${of} files`),
  });
  showProgress('');
  process.stdout.write(
    options.format === 'text'
      ? `${describe(fetched, analysis, mostOf(options))}\n`
      : reportOf(place, fetched, analysis, options.format),
  );
  const reached = analysis.findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= failOn);
  if (reached) process.exitCode = FOUND;
}

function reportOf(place: string, { commit }: FetchedCode, analysis: Analysis, format: string): string | Uint8Array {
  const context = {
    repository: basename(place).replace(/\.git$/, '') || place,
    url: /^https?:\/\//.test(place) ? place : null,
    commit,
    analysedAt: new Date().toISOString(),
    triage: new Map(),
    suggestions: null,
  };
  return renderReport(analysis, context, format as (typeof REPORT_FORMATS)[number]).body;
}

function severityOf(given: string | undefined): number {
  const at = given === undefined ? -1 : (SEVERITIES as readonly string[]).indexOf(given);
  if (given !== undefined && at < 0) throw new CommandError(`--fail-on must be one of ${SEVERITIES.join(', ')}.`);
  return at;
}

function mostOf({ most }: AssessOptions): number {
  if (/^\d{1,6}$/.test(most)) return Number(most);
  throw new CommandError('--most must be a whole number.');
}

/** What unpacks for longer than a fetch may take is given up. Whoever sits at the machine may read its folders. A token for a private repository comes from nowhere but a prompt of its
 * own server's: fetch such a one with git, and assess the folder. */
async function fetchPlace(
  place: string,
  config: Config,
  branch: string | null,
  signal: AbortSignal,
): Promise<FetchedCode> {
  const { fetch, limits, fetchTimeout: timeout } = codeOptions(config);
  const outside = createOutside();
  const { where, localRoots } = await placeOf(place, branch);
  // A fetch has its own limit; unpacking then has the same time once more.
  const late = AbortSignal.timeout(where.kind === 'git' ? 2 * timeout : timeout);
  try {
    const until = AbortSignal.any([signal, late]);
    return await fetchCode(where, { fetch, outside, caller: 'assess', limits, timeout, localRoots, signal: until });
  } catch (error) {
    if (late.aborted && !signal.aborted) {
      throw new CommandError(
        `The code was not unpacked within ${timeout / 1000} s: raise CLONE_TIMEOUT_SECONDS, or assess a part of it.`,
      );
    }
    throw error instanceof FetchFault ? new CommandError(error.message, 1) : error;
  }
}

async function placeOf(place: string, branch: string | null): Promise<{ where: CodePlace; localRoots: string[] }> {
  if (/^https?:\/\//.test(place)) return { where: { kind: 'git', url: place, token: null, branch }, localRoots: [] };
  const path = await realpath(place).catch(() => {
    throw new CommandError(
      `There is nothing at "${place}": give a folder, an archive or an address that begins with https://.`,
    );
  });
  if ((await stat(path)).isDirectory()) return { where: { kind: 'local', path }, localRoots: [path] };
  return { where: { kind: 'archive', bytes: () => createReadStream(path) }, localRoots: [] };
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function describe({ code, commit }: FetchedCode, analysis: Analysis, most: number): string {
  const { totals } = analysis.metrics;
  const { verdict, reasons } = analysis.readiness;
  const { findings } = analysis;
  const counts = SEVERITIES.map(
    (severity) => `${findings.filter((one) => one.severity === severity).length} ${severity}`,
  );
  return [
    `${totals.files} files, ${totals.codeLines} lines of code${commit ? `, commit ${commit.slice(0, 12)}` : ''}; ${code.skipped.length} left out`,
    '',
    ...analysis.scores.map(
      ({ name, value, grade }) => `  ${bold(grade)}  ${name.padEnd(16)} ${value.toFixed(1).padStart(5)}`,
    ),
    '',
    `Production readiness: ${bold(verdict)}`,
    ...reasons.slice(0, most).map((reason) => `  ${reason}`),
    '',
    `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}: ${counts.join(', ')}`,
    ...findings.slice(0, most).map(findingLine),
    ...(findings.length > most ? [`  … and ${findings.length - most} more (--most, or --format json)`] : []),
  ].join('\n');
}

function findingLine({ severity, rule, path, line, message }: Analysis['findings'][number]): string {
  const place = path === null ? '' : `${path}${line === null ? '' : `:${line}`}  `;
  return `  ${severity.padEnd(8)} ${place}${message} (${rule})`.replace(/\p{Cc}/gu, ' ');
}

function bold(text: string): string {
  return process.stdout.isTTY ? styleText('bold', text) : text;
}
