import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BAD_SETTINGS, badInstallation } from '../../../test/support/known-bad/bad-project.ts';
import { badServer } from '../../../test/support/known-bad/bad-server.ts';
import { createObjectStorage } from '../../platform/storage/open-storage.ts';
import { catalogue } from './catalogue.ts';
import type { Check } from './check.ts';
import { slowClientsWithin } from './drill/slow-clients.ts';
import type { Installation } from './installation.ts';
import { createReportShelf } from './report/report-shelf.ts';
import { runReadiness } from './run-checks.ts';

/** What each check must say of the installation that has every fault. */
const FAULTS: Readonly<Record<string, RegExp>> = {
  'usable-settings': /SECRET_KEY must be random/,
  'strong-secret': /it has 16 characters; it has 1 different/,
  'origins-of-production': /http:\/\/localhost:3000 is not https/,
  'trusted-hosts': /TRUSTED_HOSTS is empty/,
  'encrypted-connections': /sslmode=disable.*fewer than 12.*rediss.*no password.*ENCRYPTION_KEYS/,
  'guarded-metrics': /METRICS_TOKEN is missing/,
  'bounded-cost': /TENANT_BUDGET_USD_PER_DAY is 1000000; UNPRICED_MODELS=allow/,
  'log-settings': /LOG_FORMAT=pretty.*LOG_LEVEL=silent/,
  'private-files': /kept has mode 777/,
  'no-secrets-in-files': /settings\.json has an AWS key/,
  'ignored-files': /\.gitignore lacks \.env;.*\.dockerignore lets/,
  'exact-dependencies':
    /left may be \^1\.0\.0; node_modules\/left has no integrity; left is 0\.9\.0 instead of 1\.0\.1/,
  'hardened-deployment': /no second stage.*USER that is not root.*reloads.*has a secret in it/,
  pipeline: /no check of format.*release\.yml is missing.*pre-commit is missing/,
  'recent-backup': /hours old; none of the newest was restored/,
  'reversible-migrations': /have the number 0001.*0001_a\.sql cannot be taken back/,
  'alerts-with-runbook': /no alert for 429 over 5 %.*nothing on Lonely.*no dashboard/,
  'operator-documents': /runbook\.md is missing/,
  'documented-settings': /PORT is not in.*HOST is not in.*has a value for API_KEY/,
  'traced-requirements': /S0-1 has 2 rows; S0-2 has 0 rows/,
  health: /says of the database: undefined.*not well: database/,
  'security-headers': /x-content-type-options is "".*no strict-transport-security.*server tells "Bad\/1\.2\.3"/,
  'closed-to-foreign-origins': /a preflight lets \* in; an answer lets \* in; an error lets \* in/,
  'listed-origins': /no leave at the preflight.*no credentials at the error/,
  certificate: /is not https/,
  'foreign-host': /it is answered by 200/,
  'limits-announced': /RateLimit-Policy is ""/,
  'errors-tell-nothing': /no problem document.*tells a stack.*tells a path.*tells SQL/,
  'hostile-input': /a NUL character is answered by 200/,
  'anonymous-refused': /GET \/v1\/secrets answers 200/,
  'forged-tokens': /alg none is answered by 200/,
  'websocket-needs-credential': /\/v1\/ws\/chat answers 101/,
  'body-limit': /bytes are answered by 200/,
  'request-ids': /a given id comes back as "always the same".*two requests have the ids.*markup.*traceparent/,
  metrics: /parley_runs_total is missing.*a label holds an id/,
  'metrics-of-alerts': /parley_lost_total is asked for, and not there/,
  reference: /openapi "3\.0\.0".*says nothing of what it does.*says no error/,
  'old-addresses': /\/api\/v2\/auth\/refresh answers 404/,
  'hundred-probes': /p95 is [5-9]\d\d ms|p95 is \d{4,} ms/,
  'session-latency': /the mean is \d{3,} ms/,
  'hundred-clients': /failed, first: .* answered 500/,
  'hundred-streams': /failed, first: .*(events are missing or repeated|answered 500)/,
  accounts: /registering twice answers 200.*a wrong password answers 200/,
  'neighbour-tenant': /GET of \/v1\/sessions\/… by a neighbour answers 200/,
  'budget-exceeded': /no question was refused; 9 USD are spent.*the provider was asked for/,
  'log-hygiene': /a password is in the log.*an access token is in the log/,
  'slow-clients': /headers that never end were not cut; a body that never comes were not cut/,
  'provider-down': /it is still asked; users read the words of the provider/,
  'limits-refuse': /ChatKit refuses request never/,
  'weak-production-refused': /SECRET_KEY is not named.*the exit code is 0/,
  'kill-in-mid-answer': /the events of a run answered 404/,
  'clean-stop': /the stream broke.*the exit code is 1/,
  'backup-restored': /the restore ended with 1/,
  'secret-rotated': /a token of the old key is answered by 200/,
  'disk-full': /\/ready tells of the disk did not happen|cannot be mounted here/,
  'redis-stopped': /\/health tells that Redis failed did not happen|no redis-server/,
  'migrated-before-served': /serve ended with 0|no PostgreSQL/,
  'database-stopped': /\/ready 503 did not happen|no PostgreSQL/,
  'point-in-time': /pitr configure ended with 1|no PostgreSQL|no pgbackrest/,
};

const PROGRAM = [
  process.execPath,
  join(import.meta.dirname, '../../../test/support/known-bad/bad-program.ts'),
] as const;
/** Asked of a program that must end by itself. */
const ENDS = new Set(['weak-production-refused', 'migrated-before-served']);
/** They share a server, and what its provider answers. */
const SHARED = new Set([
  'accounts',
  'neighbour-tenant',
  'budget-exceeded',
  'slow-clients',
  'log-hygiene',
  'provider-down',
]);
const MISSING_PIECE = /cannot be mounted|no redis-server|no PostgreSQL|no pgbackrest/;

test('every check has its fault', () => {
  expect(Object.keys(FAULTS)).toEqual(catalogue.map(({ id }) => id));
});

describe('the known-bad installation fails', () => {
  let folder: string;
  let installation: Installation;
  let server: Awaited<ReturnType<typeof badServer>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-bad-'));
    [installation, server] = await Promise.all([badInstallation(folder), badServer()]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function run(checks: readonly Check[], subject: Installation, more: Record<string, string> = {}) {
    const reports = await mkdtemp(join(folder, 'reports-'));
    const { PATH = '', HOME = '' } = process.env;
    return runReadiness({
      catalogue: checks,
      installation: subject,
      url: server.url,
      tools: {
        program: PROGRAM,
        brief: PROGRAM,
        environment: { PATH, HOME, ...more },
        projectFolder: folder,
        // It never comes to its senses.
        patience: 0.1,
      },
      kinds: new Set(['static', 'live', 'load', 'drill']),
      isMeant: () => true,
      since: null,
      waivers: [],
      program: '0',
      commit: 'bad',
      configuration: 'bad',
      surroundings: { environment: 'production', node: '24', platform: 'x', cpus: 2, memory_mb: 1, database: null },
      seal: null,
      shelf: createReportShelf(createObjectStorage(reports, { pathStyle: false }), null),
      clock: { now: () => new Date() },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  }

  async function expectFaults(checks: readonly Check[], subject = installation, more: Record<string, string> = {}) {
    const report = await run(checks, subject, more);
    for (const { check, outcome, record } of report.results) {
      expect.soft(record?.observed, check).toMatch(FAULTS[check] ?? /never/);
      // Where the machine lacks what a drill needs, it is not run; with CI=true nothing is missing.
      const isLacking = MISSING_PIECE.test(record?.observed ?? '') && process.env.CI !== 'true';
      expect.soft(outcome, check).toBe(isLacking ? 'not run' : 'fail');
    }
    expect(report.verdict).toBe(checks.some(({ weight }) => weight === 'blocker') ? 'NO-GO' : 'CONDITIONAL GO');
  }

  const of = (kind: string) => catalogue.filter((check) => check.kind === kind);

  test('every static check', () => expectFaults(of('static')));

  test('every live check', { timeout: 60_000 }, async () => {
    const settings = {
      ...BAD_SETTINGS,
      allowedOrigins: ['https://app.example.com'],
      trustedHosts: ['api.example.com'],
      dataDir: folder,
    };
    const monitored = { ...installation, projectFolder: await withAlerts(folder) };
    await expectFaults(of('live'), { ...monitored, settings });
  });

  test('every load', { timeout: 120_000 }, () => expectFaults(of('load')));

  test('every drill', { timeout: 240_000 }, async () => {
    const drills = of('drill').map((check) => (check.id === 'slow-clients' ? slowClientsWithin(1) : check));
    const shared = drills.filter(({ id }) => SHARED.has(id));
    const alone = drills.filter(({ id }) => !SHARED.has(id));
    await Promise.all([
      expectFaults(shared),
      ...alone.map((check) => expectFaults([check], installation, ENDS.has(check.id) ? { BAD_SERVE: 'ends' } : {})),
    ]);
  });
});

async function withAlerts(folder: string): Promise<string> {
  const place = join(folder, 'monitored');
  await mkdir(join(place, 'deploy/monitoring'), { recursive: true });
  await writeFile(join(place, 'deploy/monitoring/rules.yml'), 'expr: parley_lost_total > 1\n');
  await writeFile(join(place, 'deploy/monitoring/grafana-dashboard.json'), '{}');
  return place;
}
