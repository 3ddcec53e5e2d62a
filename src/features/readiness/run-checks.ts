import type { Clock } from '../../platform/clock.ts';
import { newId } from '../../platform/id.ts';
import type { Check, CheckKind } from './check.ts';
import { chained, type Evidence, type Surroundings, standing } from './evidence/evidence.ts';
import { type Finding, MissingPieceError, notRun } from './finding.ts';
import type { Installation } from './installation.ts';
import { type CheckResult, resultOf } from './report/check-result.ts';
import { REPORT_FORMAT, type Report, type Seal, sealed } from './report/report.ts';
import type { ReportShelf } from './report/report-shelf.ts';
import { scoresOf } from './report/scores.ts';
import { judgeReadiness, RULE } from './report/verdict.ts';
import type { WorkshopTools } from './scratch/tools.ts';
import { type Commons, openCommons, openWorkshop } from './scratch/workshop.ts';
import { type Ask, askAt, type Target } from './target.ts';
import { type Waiver, waiverInForce } from './waivers.ts';

export type RunOptions = {
  catalogue: readonly Check[];
  installation: Installation;
  /** The server that live checks ask. */
  url: string;
  tools: WorkshopTools;
  kinds: ReadonlySet<CheckKind>;
  /** Which of the catalogue are meant; all where it says nothing. */
  isMeant(check: Check): boolean;
  /** Checks whose record is from this moment or later are not run again. */
  since: Date | null;
  waivers: readonly Waiver[];
  program: string;
  commit: string;
  configuration: string;
  surroundings: Surroundings;
  seal: Seal | null;
  shelf: ReportShelf;
  clock: Clock;
  signal: AbortSignal;
  onProgress(event: { check: Check; number: number; of: number; finding: Finding | null }): void;
};

/** How long one check may take, ms. */
const TIME_LIMITS: Readonly<Record<CheckKind, number>> = {
  static: 30_000,
  live: 60_000,
  load: 180_000,
  drill: 240_000,
};

/** Runs what is meant, keeps earlier records of the rest where they still hold, and stores the report. */
export async function runReadiness(options: RunOptions): Promise<Report> {
  const { catalogue, shelf, clock } = options;
  const started = clock.now();
  const [[last = null], faults] = await Promise.all([shelf.list(), shelf.verify()]);
  const earlier = new Map(last?.results.map(({ check, record }) => [check, record]));
  const chosen = catalogue.filter((check) => isToRun(check, earlier.get(check.id) ?? null, options));
  const reachable = await reachability(chosen, options);
  let head = last?.hash ?? null;
  const results = new Map<string, CheckResult>();
  await using commons = openCommons(options.tools, options.signal);
  for (const [index, check] of chosen.entries()) {
    // What was seen so far is kept; the rest was not run.
    if (options.signal.aborted) break;
    const tell = (finding: Finding | null) =>
      options.onProgress({ check, number: index + 1, of: chosen.length, finding });
    tell(null);
    const record: Evidence = chained(await runOne(check, reachable, commons, options), head);
    head = record.hash;
    tell(record);
    results.set(check.id, freshResult(check, record));
  }
  const all = catalogue.map((check) => results.get(check.id) ?? keptResult(check, earlier.get(check.id), options));
  const scores = scoresOf(all);
  const report = sealed(
    {
      format: REPORT_FORMAT,
      id: newId(),
      started: started.toISOString(),
      duration_ms: clock.now().getTime() - started.getTime(),
      program: options.program,
      commit: options.commit,
      configuration: options.configuration,
      environment: options.surroundings,
      url: chosen.some(({ kind }) => kind === 'live') ? options.url : null,
      ...judgeReadiness(all, scores, faults),
      rule: RULE,
      scores,
      results: all,
      chain_faults: faults,
      previous: last?.hash ?? null,
    },
    options.seal,
  );
  await shelf.put(report);
  return report;
}

function isToRun(check: Check, record: Evidence | null, options: RunOptions): boolean {
  if (!options.kinds.has(check.kind) || !options.isMeant(check)) return false;
  if (options.since === null || record === null || Date.parse(record.started) < options.since.getTime()) return true;
  return standingNow(check, record, options).outcome === 'expired' || record.outcome === 'not run';
}

/** Null where the server answers, or why it does not: told once, instead of by each live check. */
async function reachability(chosen: readonly Check[], { url, signal }: RunOptions): Promise<string | null> {
  if (!chosen.some(({ kind }) => kind === 'live')) return null;
  return askAt(
    url,
    signal,
  )('/health/live').then(
    () => null,
    (error: NodeJS.ErrnoException) =>
      `nothing answers at ${url} (${error.code ?? error.message}); name the server with --url`,
  );
}

async function runOne(
  check: Check,
  unreachable: string | null,
  commons: Commons,
  options: RunOptions,
): Promise<Omit<Evidence, 'previous' | 'hash'>> {
  const { clock, surroundings, commit, configuration } = options;
  const started = clock.now();
  const finding =
    check.kind === 'live' && unreachable !== null ? notRun(unreachable) : await attempt(check, commons, options);
  const ended = clock.now();
  return {
    id: newId(),
    check: check.id,
    items: check.items,
    command:
      check.command?.replaceAll('$URL', options.url) ?? `npx parley readiness --only ${check.id}${flagsOf(check.kind)}`,
    subject: subjectOf(check.kind, options),
    started: started.toISOString(),
    duration_ms: ended.getTime() - started.getTime(),
    commit,
    configuration,
    environment: surroundings,
    expected: check.expected,
    ...finding,
    waiver: waiverInForce(options.waivers, check.id, ended),
    valid_until: new Date(ended.getTime() + check.validDays * 86_400_000).toISOString(),
  };
}

function flagsOf(kind: CheckKind): string {
  return kind === 'drill' ? ' --drills' : kind === 'load' ? ' --load' : '';
}

function subjectOf(kind: CheckKind, { url, installation }: RunOptions): string {
  if (kind === 'static') return `files and settings in ${installation.projectFolder}`;
  return kind === 'live'
    ? url
    : 'a scratch installation, started from the installed program with settings and data of its own';
}

async function attempt(check: Check, commons: Commons, options: RunOptions): Promise<Finding> {
  const limit = TIME_LIMITS[check.kind];
  const late = AbortSignal.timeout(limit);
  const signal = AbortSignal.any([options.signal, late]);
  try {
    return await findingOf(check, commons, options, signal);
  } catch (error) {
    if (options.signal.aborted) return notRun(BROKEN_OFF);
    if (error instanceof MissingPieceError) return notRun(error.message);
    const why = late.aborted ? `it was not done within ${limit / 1_000} s` : messageOf(error);
    return { outcome: 'fail', observed: `the check broke off: ${why}`, samples: [] };
  }
}

async function findingOf(check: Check, commons: Commons, options: RunOptions, signal: AbortSignal): Promise<Finding> {
  const { installation, url, tools } = options;
  if (check.kind === 'static') return check.run(installation, signal);
  if (check.kind === 'live') {
    const { settings, projectFolder } = installation;
    const target: Target = { url, settings, projectFolder, ask: unlessLimited(askAt(url, signal)) };
    return check.run(target, signal);
  }
  await using workshop = openWorkshop(tools, signal, commons);
  return await check.run(workshop, signal);
}

/** A refusal for asking too often says nothing of what a live check asks for. @throws MissingPieceError */
function unlessLimited(ask: Ask): Ask {
  return async (path, question) => {
    const answer = await ask(path, question);
    if (answer.status !== 429) return answer;
    const wait = String(answer.headers['retry-after'] ?? 'some');
    throw new MissingPieceError(`this address has used up its requests of the minute; try again in ${wait} s`);
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function freshResult(check: Check, record: Evidence): CheckResult {
  const { outcome, observed, waiver } = record;
  const reason = outcome === 'not run' || outcome === 'not applicable' ? observed : null;
  return resultOf(check, { outcome, reason, waiver, fresh: true, record });
}

function keptResult(check: Check, record: Evidence | null | undefined, options: RunOptions): CheckResult {
  const waiver = waiverInForce(options.waivers, check.id, options.clock.now());
  if (!record) {
    return resultOf(check, { outcome: 'not run', reason: whyNot(check, options), waiver, fresh: false, record: null });
  }
  const { outcome, reason } = standingNow(check, record, options);
  const told = reason ?? (outcome === 'not run' || outcome === 'not applicable' ? record.observed : null);
  return resultOf(check, { outcome, reason: told, waiver, fresh: false, record });
}

const BROKEN_OFF = 'the run was broken off';

function whyNot(check: Check, { kinds, isMeant, signal }: RunOptions): string {
  const { kind } = check;
  if (signal.aborted && kinds.has(kind) && isMeant(check)) return BROKEN_OFF;
  if (kinds.has(kind)) return 'left out by --only';
  return kind === 'drill'
    ? 'drills run with --drills'
    : kind === 'load'
      ? 'load is made with --load or --drills'
      : `${kind} checks were left out`;
}

function standingNow({ kind }: Check, record: Evidence, options: RunOptions) {
  const { clock, commit, configuration } = options;
  const onScratch = kind === 'load' || kind === 'drill';
  return standing(record, { time: clock.now(), commit, configuration, onScratch, subject: subjectOf(kind, options) });
}
