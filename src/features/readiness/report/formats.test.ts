import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { Parser } from 'htmlparser2';
import { describe, expect, test } from 'vitest';
import { checkFields } from '../../../../test/support/check-fields.ts';
import { SARIF } from '../../../../test/support/sarif-schema.ts';
import { chained } from '../evidence/evidence.ts';
import type { CheckOutcome } from '../finding.ts';
import type { Waiver } from '../waivers.ts';
import { type CheckResult, resultOf } from './check-result.ts';
import { htmlOf } from './html.ts';
import { junitOf } from './junit.ts';
import { markdownOf } from './markdown.ts';
import { type Report, sealed } from './report.ts';
import { sarifOf } from './sarif.ts';
import { scoresOf } from './scores.ts';
import { RULE } from './verdict.ts';

const HOSTILE = 'tells "<script>alert(1)</script>" | & \u0007';
const STARTED = '2026-11-26T08:00:00.000Z';
const SURROUNDINGS = {
  environment: 'test',
  node: '24',
  platform: 'x',
  cpus: 2,
  memory_mb: 1,
  database: 'embedded',
} as const;

function result(id: string, outcome: CheckOutcome, waiver: Waiver | null = null): CheckResult {
  const check = {
    ...checkFields(id),
    kind: 'live',
    run: () => Promise.reject(new Error('Nobody runs it.')),
  } as const;
  const samples = [{ name: 'answer', sha256: 'x', bytes: 1, excerpt: HOSTILE }];
  const record = chained(
    {
      ...{ id, check: id, items: check.items, command: 'npx parley readiness', subject: 'http://127.0.0.1:1' },
      ...{ started: STARTED, duration_ms: 5, commit: 'abc', configuration: 'c1', environment: SURROUNDINGS },
      ...{ expected: 'well', observed: HOSTILE, samples, waiver, valid_until: STARTED },
      outcome: outcome === 'expired' ? 'pass' : outcome,
    },
    null,
  );
  return resultOf(check, { outcome, reason: null, waiver, fresh: true, record });
}

function report(...results: CheckResult[]): Report {
  const about = { format: 'parley-readiness/1', id: 'r', started: STARTED, duration_ms: 9, program: '0.0.0' } as const;
  const stands = { verdict: 'NO-GO', rule: RULE, reasons: [HOSTILE], scores: scoresOf(results) } as const;
  const source = { commit: 'abc', configuration: 'c1', environment: SURROUNDINGS, url: null };
  return sealed({ ...about, ...source, ...stands, results, chain_faults: [], previous: null }, null);
}

const every = report(
  result('a', 'pass'),
  result('b', 'fail'),
  result('c', 'not applicable'),
  result('d', 'not run'),
  result('e', 'expired'),
  result('f', 'fail', { check: 'f', reason: 'old "proxy"', owner: 'Ada | Bob', until: '2027-01-31' }),
);

test('what a server said is harmless as HTML, Markdown and XML', () => {
  for (const written of [htmlOf(every), markdownOf(every), junitOf(every)]) {
    expect(written).not.toContain('<script>');
    expect(written).toContain('a is as it should be');
  }
  expect(junitOf(every)).not.toContain('\u0007');
  expect(markdownOf(every)).toContain('Not run is never passed');
  const rows = markdownOf(every)
    .split('\n')
    .filter((line) => line.includes('is as it should be'));
  expect(rows.map((row) => row.split(/(?<!\\)\|/).length)).toEqual(rows.map(() => 6));
});

test('JUnit is a tree of suites and cases, which counts what it holds; what is waived stops no pipeline', () => {
  const seen: { name: string; inside: string | undefined; attributes: Record<string, string> }[] = [];
  const open: string[] = [];
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        seen.push({ name, inside: open.at(-1), attributes });
        open.push(name);
      },
      onclosetag(name, isImplied) {
        // An element that says `<x/>` is implied, too; one that lacks its end would leave the wrong one here.
        expect(open.pop(), String(isImplied)).toBe(name);
      },
    },
    { xmlMode: true },
  );
  parser.end(junitOf(every));
  const of = (name: string) => seen.filter((element) => element.name === name);
  const inside = Object.fromEntries(seen.map(({ name, inside: outer }) => [name, outer]));
  expect(inside).toMatchObject({ testsuite: 'testsuites', testcase: 'testsuite' });
  expect(inside).toMatchObject({ failure: 'testcase', skipped: 'testcase' });
  expect(of('testsuite')[0]?.attributes).toMatchObject({ tests: '6', failures: '3', skipped: '2', errors: '0' });
  expect([of('testcase').length, of('failure').length, of('skipped').length]).toEqual([6, 3, 2]);
  expect(of('failure').map(({ attributes }) => attributes.type)).toEqual(['fail', 'not run', 'expired']);
  expect(of('skipped')[1]?.attributes.message).toContain('waived by Ada');
});

describe('SARIF', () => {
  const log = JSON.parse(sarifOf(every));
  const [run] = log.runs;

  test('has what its standard requires, and nothing that it does not know', () => {
    const ajv = new Ajv({ allErrors: true });
    addFormats.default(ajv);
    const isValid = ajv.compile(SARIF);
    expect(isValid(log), JSON.stringify(isValid.errors, null, 1)).toBe(true);
  });

  test('tells what is open, each by its rule; a level is only a failure’s', () => {
    expect(run.results).toMatchObject([
      { ruleId: 'b', ruleIndex: 1, kind: 'fail', level: 'warning' },
      { ruleId: 'd', ruleIndex: 3, kind: 'open', level: 'none' },
      { ruleId: 'e', ruleIndex: 4, kind: 'review', level: 'none' },
      { ruleId: 'f', ruleIndex: 5, kind: 'fail', suppressions: [{ status: 'accepted' }] },
    ]);
    expect(run.tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('gives each result a place in a file, without which GitHub refuses all of it', () => {
    for (const { ruleId, locations } of run.results) {
      expect(locations).toHaveLength(1);
      expect(locations[0].physicalLocation).toEqual({
        artifactLocation: { uri: `src/features/readiness/live/${ruleId}.ts` },
        region: { startLine: 1 },
      });
    }
  });
});
