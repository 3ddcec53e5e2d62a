import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkFields } from '../../../test/support/check-fields.ts';
import { createObjectStorage } from '../../platform/storage/open-storage.ts';
import type { Check, StaticCheck } from './check.ts';
import { type Finding, judge, sample } from './finding.ts';
import { diffReports } from './report/diff.ts';
import type { Report } from './report/report.ts';
import { createReportShelf } from './report/report-shelf.ts';
import { type RunOptions, runReadiness } from './run-checks.ts';

const DAY = 86_400_000;

function check(id: string, outcome: Finding['outcome'], more: Partial<StaticCheck> = {}): StaticCheck {
  return {
    ...checkFields(id),
    kind: 'static',
    run: async () => ({ outcome, observed: `${id} was ${outcome}`, samples: [sample('seen', 'all of it')] }),
    ...more,
  };
}

let folder: string;
let now: Date;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-reports-'));
  now = new Date('2026-11-26T08:00:00Z');
});
afterEach(() => rm(folder, { recursive: true }));

const seal = (hash: string) => `sealed ${hash}`;
const shelf = () => createReportShelf(createObjectStorage(folder, { pathStyle: false }), seal);

function run(catalogue: readonly Check[], more: Partial<RunOptions> = {}): Promise<Report> {
  now = new Date(now.getTime() + 1_000);
  return runReadiness({
    catalogue,
    installation: { settings: null, faults: [], projectFolder: folder, settingNames: [], backups: null },
    url: 'http://127.0.0.1:1',
    tools: { program: ['false'], brief: ['false'], environment: {}, projectFolder: folder },
    kinds: new Set(['static']),
    isMeant: () => true,
    since: null,
    waivers: [],
    program: '0.0.0',
    commit: 'abc',
    configuration: 'c1',
    surroundings: { environment: 'test', node: '24', platform: 'x', cpus: 2, memory_mb: 1, database: 'embedded' },
    seal,
    shelf: shelf(),
    clock: { now: () => now },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  });
}

const outcomes = (report: Report) => Object.fromEntries(report.results.map(({ check: id, outcome }) => [id, outcome]));

describe('the verdict', () => {
  test('is GO only where everything that applies has passed', async () => {
    const report = await run([check('a', 'pass'), check('b', 'not applicable')]);
    expect(report).toMatchObject({ verdict: 'GO', reasons: [], scores: { security: 100, reliability: null } });
  });
  test.each([
    ['a failure that is no blocker', check('b', 'fail', { weight: 'minor' }), 'CONDITIONAL GO'],
    ['what was not run', check('b', 'not run'), 'CONDITIONAL GO'],
    ['a blocker that failed', check('b', 'fail', { weight: 'blocker' }), 'NO-GO'],
    ['a blocker that was not run', check('b', 'not run', { weight: 'blocker' }), 'NO-GO'],
  ] as const)('is not for %s', async (_, second, verdict) => {
    const report = await run([check('a', 'pass', { weight: 'blocker' }), second]);
    expect(report.verdict).toBe(verdict);
    expect(report.reasons.join()).toContain('b ');
  });
  test('of a blocker that somebody answers for is conditional, until the last day is over', async () => {
    const waivers = [{ check: 'a', reason: 'old proxy', owner: 'Ada', until: '2026-11-26' }];
    const catalogue = [check('a', 'fail', { weight: 'blocker' })];
    const waived = await run(catalogue, { waivers });
    expect(waived).toMatchObject({ verdict: 'CONDITIONAL GO', scores: { security: 0 } });
    expect(waived.results[0]?.record?.waiver).toEqual(waivers[0]);
    now = new Date('2026-11-27T00:00:00Z');
    expect(await run(catalogue, { waivers })).toMatchObject({ verdict: 'NO-GO' });
  });
});

describe('a check', () => {
  test('that breaks off has failed, and says why', async () => {
    const broken = check('a', 'pass', { run: () => Promise.reject(new Error('no such thing')) });
    const { results } = await run([broken]);
    expect(results[0]).toMatchObject({ outcome: 'fail', record: { observed: 'the check broke off: no such thing' } });
  });
  test('that is under way when the run is broken off was not run, as those behind it; the rest is kept', async () => {
    const stop = new AbortController();
    const waits = check('b', 'pass', {
      run: async () => {
        stop.abort(new Error('Broken off by SIGINT.'));
        throw new Error('aborted');
      },
    });
    const report = await run([check('a', 'pass'), waits, check('c', 'pass')], { signal: stop.signal });
    expect(outcomes(report)).toEqual({ a: 'pass', b: 'not run', c: 'not run' });
    expect(report.results[2]?.reason).toBe('the run was broken off');
    expect(await shelf().verify()).toEqual([]);
  });
  test('of a server that does not answer is not run', async () => {
    const live: Check = { ...check('a', 'pass'), kind: 'live', run: async () => judge([], 'well') };
    const { results } = await run([live], { kinds: new Set(['live']) });
    expect(results[0]?.outcome).toBe('not run');
    expect(results[0]?.reason).toContain('nothing answers at http://127.0.0.1:1');
  });
  test('keeps no credential in its evidence', async () => {
    const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
    const telling = check('a', 'pass', {
      run: async () =>
        judge([`sent ${token}`], '', [sample('answer', `{"password":"hunter2","access_token":"${token}"}`)]),
    });
    const text = JSON.stringify(await run([telling]));
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(token);
  });
});

describe('earlier evidence', () => {
  const drill = check('b', 'pass');
  const only = (id: string) => ({ isMeant: (one: Check) => one.id === id });

  test('is kept where a check is not run again', async () => {
    const first = await run([check('a', 'pass'), drill]);
    const second = await run([check('a', 'fail'), drill], only('a'));
    expect(outcomes(second)).toEqual({ a: 'fail', b: 'pass' });
    expect(second.results[1]).toMatchObject({ fresh: false, record: { id: first.results[1]?.record?.id } });
  });
  test.each([
    ['its time is over', {}, 8 * DAY],
    ['the program is another', { commit: 'def' }, 0],
    ['the configuration is another', { configuration: 'c2' }, 0],
  ] as const)('expires when %s', async (_, more, later) => {
    await run([check('a', 'pass'), drill]);
    now = new Date(now.getTime() + later);
    const report = await run([check('a', 'pass'), drill], { ...only('a'), ...more });
    expect(outcomes(report)).toEqual({ a: 'pass', b: 'expired' });
    expect(report.verdict).toBe('CONDITIONAL GO');
  });
  test('of another server expires', async () => {
    const live: Check = { ...check('a', 'pass'), kind: 'live', run: async () => judge([], 'well') };
    const probe = createServer((_request, response) => void response.end('{}')).listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const url = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
    expect(outcomes(await run([live], { kinds: new Set(['live']), url }))).toEqual({ a: 'pass' });
    expect(outcomes(await run([live], { url }))).toEqual({ a: 'pass' });
    expect(outcomes(await run([live], { url: 'http://127.0.0.1:2' }))).toEqual({ a: 'expired' });
    probe.closeAllConnections();
    probe.close();
  });
  test('a server that refuses for asking too often is not judged by it', async () => {
    const live: Check = {
      ...check('a', 'pass'),
      kind: 'live',
      run: async ({ ask }) => judge([String((await ask('/')).status)], ''),
    };
    const probe = createServer(
      (_request, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
    ).listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const url = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
    const { results } = await run([live], { kinds: new Set(['live']), url });
    expect(results[0]).toMatchObject({ outcome: 'not run', reason: expect.stringContaining('try again in 7 s') });
    probe.closeAllConnections();
    probe.close();
  });
  test('--since runs only what has none from then on', async () => {
    let runs = 0;
    const counted = check('a', 'pass', {
      run: async () => {
        runs += 1;
        return judge([], 'well');
      },
    });
    const first = await run([counted]);
    expect((await run([counted], { since: new Date(first.started) })).verdict).toBe('GO');
    expect(runs).toBe(1);
    await run([counted], { since: new Date(Date.parse(first.started) + 60_000) });
    expect(runs).toBe(2);
  });
});

describe('the chain', () => {
  const files = async () => (await readdir(folder)).sort().map((name) => join(folder, name));
  async function change(index: number, edit: (text: string) => string): Promise<void> {
    const path = (await files())[index] ?? '';
    await writeFile(path, edit(await readFile(path, 'utf8')));
  }

  test('of three runs is whole', async () => {
    for (const outcome of ['pass', 'fail', 'pass'] as const) await run([check('a', outcome), check('b', 'pass')]);
    expect(await shelf().verify()).toEqual([]);
  });
  test.each([
    [
      'a record is changed',
      (text: string) => text.replaceAll('a was fail', 'a was pass'),
      'the record of a was changed',
    ],
    [
      'a verdict is changed',
      (text: string) => text.replace('"verdict": "CONDITIONAL GO"', '"verdict": "GO"'),
      'was changed after',
    ],
    ['a file is no report', () => '{}', 'no report that can be read'],
  ])('tells that %s, and the next report is NO-GO', async (_, edit, fault) => {
    for (const outcome of ['pass', 'fail', 'pass'] as const) await run([check('a', outcome), check('b', 'pass')]);
    await change(1, edit);
    expect((await shelf().verify()).join()).toContain(fault);
    const next = await run([check('a', 'pass'), check('b', 'pass')]);
    expect(next.verdict).toBe('NO-GO');
    expect(next.reasons.join()).toContain(fault);
  });
  test('tells that a report was removed', async () => {
    for (let count = 0; count < 3; count += 1) await run([check('a', 'pass')]);
    await rm((await files())[1] ?? '');
    expect((await shelf().verify()).join()).toContain('one was removed or added');
  });
  test('tells a report that somebody made anew without the secret', async () => {
    await run([check('a', 'pass')], { seal: (hash) => `forged ${hash}` });
    expect((await shelf().verify()).join()).toContain('not sealed with this installation');
  });
});

test('a comparison says what got worse and what better', async () => {
  const before = await run([check('a', 'pass'), check('b', 'fail'), check('c', 'pass')]);
  const after = await run([check('a', 'fail'), check('b', 'pass'), check('c', 'pass'), check('d', 'pass')]);
  expect(diffReports(before, after).changes.map(({ kind, check: id }) => `${kind} ${id}`)).toEqual([
    'worse a',
    'better b',
    'better d',
  ]);
});
