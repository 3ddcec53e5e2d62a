import { describe, expect, test } from 'vitest';
import type { CodeBase, Finding } from '../../analysis.ts';
import {
  CAREFUL_EXPRESS,
  CAREFUL_FASTAPI,
  CAREFUL_SPRING,
  CARELESS_EXPRESS,
  CARELESS_FASTAPI,
  CARELESS_SPRING,
  LIBRARY,
  type Tree,
} from './fixtures/made-up-apps.ts';
import { CRITERIA, judgeReadiness } from './judge-readiness.ts';
import type { Judged, ReadinessJudgement, Status } from './judgement.ts';

function codeOf(tree: Tree, skipped: CodeBase['skipped'] = []): CodeBase {
  const files = Object.entries(tree)
    .map(([path, text]) => ({ path, text, bytes: text.length }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, history: null, skipped };
}

const judge = (tree: Tree) => judgeReadiness(codeOf(tree));
const withStatus = ({ criteria }: ReadinessJudgement, ...statuses: Status[]) =>
  criteria.filter(({ status }) => statuses.includes(status)).map(({ id }) => id);
const named = ({ criteria }: ReadinessJudgement, id: string): Judged => {
  const found = criteria.find((criterion) => criterion.id === id);
  if (!found) throw new Error(`There is no criterion ${id}.`);
  return found;
};
/** `path:line` of the evidence. */
const places = (judgement: ReadinessJudgement, id: string) =>
  named(judgement, id).evidence.map(({ path, line }) => `${path}:${line}`);

describe('a careful code base', () => {
  test('in Express meets all that applies, and may go', () => {
    const judgement = judge(CAREFUL_EXPRESS);
    expect(withStatus(judgement, 'missing', 'partly', 'unknown', 'not_applicable')).toEqual([]);
    expect(judgement).toMatchObject({ verdict: 'GO', reasons: [], overall: 100 });
  });

  test('in FastAPI goes on conditions: what it lacks, and what is not in its files', () => {
    const judgement = judge(CAREFUL_FASTAPI);
    expect(judgement.verdict).toBe('CONDITIONAL GO');
    expect(withStatus(judgement, 'missing', 'partly')).toEqual([
      'security-headers/set',
      'timeouts/requests',
      'validation/body-size',
      'monitoring/errors',
      'monitoring/tracing',
      'tests/load',
      'performance/cache',
    ]);
    expect(withStatus(judgement, 'unknown')).toEqual([
      'health/probes',
      'containers/image',
      'containers/limits',
      'monitoring/alerts',
      'backups/made',
      'backups/restored',
      'documentation/operating',
    ]);
    expect(judgement.reasons[0]).toContain('backups/made, high) is unknown');
  });

  test('in Spring, too, whose starters work by being declared', () => {
    const judgement = judge(CAREFUL_SPRING);
    expect(judgement.verdict).toBe('CONDITIONAL GO');
    for (const id of [
      'rate-limits/requests',
      'authentication/requests',
      'health/readiness',
      'monitoring/metrics',
      'migrations/exist',
      'validation/input',
      'errors/central',
      'logging/logger',
      'documentation/api',
      'database/pool',
    ])
      expect(named(judgement, id), id).toMatchObject({ status: 'met' });
  });
});

describe('a careless code base', () => {
  test('in Express is stopped, each fault at its line', () => {
    const judgement = judge(CARELESS_EXPRESS);
    expect(judgement.verdict).toBe('NO-GO');
    expect(places(judgement, 'cors/listed-origins')).toEqual(['src/server.js:7']);
    expect(places(judgement, 'secrets/none-built-in')).toEqual(['src/server.js:6', 'docker-compose.yml:5']);
    expect(places(judgement, 'validation/sql')).toEqual(['src/server.js:11']);
    expect(places(judgement, 'logging/no-secrets')).toEqual(['src/server.js:12']);
    expect(places(judgement, 'authentication/passwords')).toEqual(['src/server.js:13']);
    expect(places(judgement, 'authentication/expiry')).toEqual(['src/server.js:13']);
    expect(places(judgement, 'timeouts/outgoing')).toEqual(['src/server.js:17']);
    expect(places(judgement, 'errors/no-internals')).toEqual(['src/server.js:19']);
    expect(places(judgement, 'errors/none-swallowed')).toEqual(['src/server.js:22']);
    expect(places(judgement, 'containers/ordinary-user')).toEqual(['Dockerfile:1']);
    expect(places(judgement, 'containers/no-reload')).toEqual(['Dockerfile:4']);
    expect(withStatus(judgement, 'met')).toEqual(['validation/body-size', 'errors/debug-off', 'containers/image']);
  });

  test('does not get away with a library that is declared and used nowhere, nor with a comment', () => {
    const judgement = judge(CARELESS_EXPRESS);
    expect(named(judgement, 'rate-limits/requests')).toMatchObject({
      status: 'partly',
      evidence: [{ path: 'package.json', line: 4 }],
    });
    for (const id of ['security-headers/set', 'health/graceful-stop'])
      expect(named(judgement, id)).toMatchObject({ status: 'missing', evidence: [] });
  });

  test('shows no secret in its evidence', () => {
    const written = JSON.stringify([CARELESS_EXPRESS, CARELESS_FASTAPI, CARELESS_SPRING].map(judge));
    for (const secret of ['super-secret-value', 'postgres123', 'hunter22', 'dev-secret-key', 'postgres1'])
      expect(written).not.toContain(secret);
  });

  test('in FastAPI is stopped; what a docstring talks of does not count', () => {
    const judgement = judge(CARELESS_FASTAPI);
    expect(judgement.verdict).toBe('NO-GO');
    expect(places(judgement, 'secrets/env-file')).toEqual(['.env:null']);
    expect(places(judgement, 'errors/debug-off')).toEqual(['app/main.py:8', 'app/main.py:9']);
    expect(places(judgement, 'cors/listed-origins')).toEqual(['app/main.py:10']);
    expect(places(judgement, 'migrations/exist')).toEqual(['app/main.py:12']);
    expect(places(judgement, 'validation/sql')).toEqual(['app/main.py:21']);
    expect(places(judgement, 'ci/exact-dependencies')).toHaveLength(3);
    for (const id of ['rate-limits/requests', 'authentication/requests', 'health/endpoint'])
      expect(named(judgement, id).status, id).toBe('missing');
  });

  test('in Spring is stopped', () => {
    const judgement = judge(CARELESS_SPRING);
    expect(judgement.verdict).toBe('NO-GO');
    expect(places(judgement, 'authentication/requests')).toEqual(['src/main/java/shop/Security.java:4']);
    expect(places(judgement, 'validation/sql')).toEqual(['src/main/java/shop/Orders.java:9']);
    expect(places(judgement, 'migrations/exist')).toEqual(['src/main/resources/application.properties:2']);
    expect(named(judgement, 'validation/input').observed).toBe('1 bodies are taken, and no @Valid was seen.');
  });
});

test('of a library is asked only what concerns it: a server that its tests use is none', () => {
  const judgement = judge(LIBRARY);
  expect(judgement.profile).toEqual([]);
  expect(judgement.scores.find(({ category }) => category === 'observability')?.value).toBeNull();
  expect(withStatus(judgement, 'missing')).not.toContain('rate-limits/requests');
});

test('an empty code base, where nothing was seen, does not go', () => {
  expect(judge({}).verdict).toBe('NO-GO');
});

describe('what was not read', () => {
  const skipped = [{ path: 'src/large.js', reason: 'too_large' }] as const;

  test('is unknown, not missing, and not met either', () => {
    const judgement = judgeReadiness(codeOf(CARELESS_EXPRESS, skipped));
    expect(named(judgement, 'health/endpoint').status).toBe('unknown');
    expect(judgement.verdict).toBe('NO-GO');
    const careful = judgeReadiness(codeOf(CAREFUL_EXPRESS, skipped));
    expect(withStatus(careful, 'unknown')).toEqual([
      'secrets/none-built-in',
      'validation/sql',
      'logging/no-secrets',
      'errors/debug-off',
      'errors/none-swallowed',
      'errors/no-internals',
    ]);
    expect(careful.verdict).toBe('NO-GO');
  });

  test('changes nothing where it could not hold an answer', () => {
    const aside = [
      { path: 'logo.png', reason: 'binary' },
      { path: 'test/big.json', reason: 'too_large' },
    ] as const;
    expect(judgeReadiness(codeOf(CAREFUL_EXPRESS, aside)).verdict).toBe('GO');
  });
});

test('each criterion that is taken out of a careful code base is missed', () => {
  const without = (path: string, text: string, instead = '') => {
    const before = CAREFUL_EXPRESS[path] ?? '';
    expect(before).toContain(text);
    return judge({ ...CAREFUL_EXPRESS, [path]: before.replaceAll(text, instead) });
  };
  const server = 'src/server.ts';
  const taken: [string, string, string][] = [
    [server, "process.on('SIGTERM'", 'health/graceful-stop'],
    [server, ', { signal: AbortSignal.timeout(3000) }', 'timeouts/outgoing'],
    [server, ", { expiresIn: '15m' }", 'authentication/expiry'],
    [server, 'server.requestTimeout = 30000;', 'timeouts/requests'],
    [server, "await pool.query('SELECT 1')", 'health/readiness'],
    [server, '(err, req, res, next)', 'errors/central'],
    ['Dockerfile', 'USER node\n', 'containers/ordinary-user'],
    ['Dockerfile', 'HEALTHCHECK CMD node dist/probe.js\n', 'health/probes'],
    ['.gitignore', '.env\n', 'secrets/env-file'],
    ['.github/workflows/ci.yml', '      - run: npm ci\n      - run: npx eslint .\n      - run: npm test\n', 'ci/tests'],
  ];
  for (const [path, text, id] of taken) {
    const { status } = named(without(path, text), id);
    expect(['missing', 'partly'], id).toContain(status);
  }
});

test('a secret that another rule found counts, outside of tests', () => {
  const found = (path: string) =>
    ({ rule: 'secrets/private-key', path, line: 3, evidence: '-----BEGIN PRIVATE KEY-----' }) as Finding;
  const status = (path: string) =>
    named(judgeReadiness(codeOf(CAREFUL_EXPRESS), [found(path)]), 'secrets/none-built-in').status;
  expect([status('src/key.pem'), status('deploy/key.pem'), status('test/key.pem')]).toEqual([
    'missing',
    'missing',
    'met',
  ]);
});

test('the same code base is judged the same, whatever was judged before', () => {
  const first = JSON.stringify(judge(CARELESS_EXPRESS));
  judge(CAREFUL_SPRING);
  expect(JSON.stringify(judge(CARELESS_EXPRESS))).toBe(first);
});

test('criteria have ids and items of their own, a fix and a command', () => {
  expect(new Set(CRITERIA.map(({ id }) => id)).size).toBe(CRITERIA.length);
  for (const { id, items, verify } of CRITERIA) {
    expect(items.length, id).toBeGreaterThan(0);
    expect(verify.length, id).toBeGreaterThan(5);
  }
  for (const { id, status, fix } of judge(CARELESS_FASTAPI).criteria)
    if (status === 'missing' || status === 'partly') expect(fix.length, id).toBeGreaterThan(10);
});

describe('hostile text', () => {
  const LONG = 60_000;
  test.each([
    ['spaces', ' '.repeat(LONG)],
    ['empty lines', '\n'.repeat(LONG)],
    ['quotes', '"\'`'.repeat(LONG / 3)],
    ['open parentheses in lines', 'fetch(\n'.repeat(LONG / 7)],
    ['open comments', '/*\n'.repeat(LONG / 3)],
    ['the beginning of statements', 'query(`SELECT = \n'.repeat(LONG / 17)],
    ['passwords', 'password md5 \n'.repeat(LONG / 14)],
    ['letters in lines', `${'a'.repeat(4_000)}\n`.repeat(LONG / 4_000)],
    ['secrets', 'const secret token password = \n'.repeat(LONG / 31)],
    ['catches', 'catch ( \n'.repeat(LONG / 9)],
    ['dockerfiles', 'FROM \n'.repeat(LONG / 6)],
  ])('of %s takes no longer than its length', (_, text) => {
    const tree = {
      'a.js': text,
      'a.py': text,
      'A.java': text,
      'compose.yaml': text,
      Dockerfile: text,
      'package.json': text,
    };
    const started = performance.now();
    judge(tree);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
