import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import { expectSound, expectVisible, type Login, logIn, storedCredentials } from '../../console/test/console-page.ts';
import type { Report } from '../../src/features/readiness/index.ts';
import { ApiClient } from '../support/api-client.ts';
import { type CommandResult, runParley } from '../support/command.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { STORY } from '../support/story.ts';

/** Two starts of a program, on a machine that is busy with other tests. */
const TIME = { timeout: 240_000 };
/** Drills that need nothing but the program, and seconds. All of them: READINESS_DRILLS=all. */
const SOME_DRILLS = 'weak-production-refused';

describe('parley readiness', STORY, () => {
  let folder: string;
  let parley: ParleyProcess;
  let address: string;
  let settings: Record<string, string>;
  let browser: Browser;
  let login: Login;
  let client: ApiClient;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-ready-'));
    settings = {
      DATA_DIR: join(folder, 'data'),
      ALLOWED_ORIGINS: 'https://app.example.com',
      METRICS_TOKEN: 'a token of the tests',
    };
    const credential = await installInto(settings.DATA_DIR ?? '');
    parley = startParley({ ...settings, UNPRICED_MODELS: 'refuse', RATE_LIMIT_API_PER_MINUTE: '10000' });
    address = await vi.waitFor(
      () => {
        const found = /Parley is at\s+(\S+)/.exec(parley.output())?.[1];
        if (found === undefined) throw new Error(`Parley has not served yet:\n${parley.output()}`);
        return found;
      },
      { timeout: 200_000, interval: 100 },
    );
    login = await logIn(address, credential);
    client = await ApiClient.login(address, credential);
    if (chromiumPath !== undefined) browser = await launchChromium();
  }, TIME.timeout);
  afterAll(async () => {
    await browser?.close();
    await parley?.stop();
    await rm(folder, { recursive: true });
  });

  const readiness = (...args: string[]): Promise<CommandResult> => runParley(['readiness', ...args], settings);
  const outcomesOf = ({ results }: Report) =>
    results.map(({ check, outcome, record }) => ({ check, outcome, seen: record?.observed }));

  test('judges a running installation, and keeps the evidence: nothing cheap fails on a good one', TIME, async () => {
    const out = join(folder, 'out');
    const { code, out: text, err } = await readiness('--url', address, '--out', out, '--format', 'json');
    const report = JSON.parse(text) as Report;
    expect(outcomesOf(report).filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    const passed = outcomesOf(report)
      .filter(({ outcome }) => outcome === 'pass')
      .map(({ check }) => check);
    expect(passed).toEqual(
      expect.arrayContaining(['health', 'listed-origins', 'metrics', 'anonymous-refused', 'exact-dependencies']),
    );
    // Nobody has run its drills.
    expect(report.verdict).toBe('NO-GO');
    expect(code).toBe(2);
    expect(err).toMatch(/\[ 1\/\d+] usable-settings: pass/);
    expect((await readdir(out)).sort()).toEqual([
      'readiness.html',
      'readiness.json',
      'readiness.md',
      'readiness.sarif',
      'readiness.xml',
    ]);
    expect(await readFile(join(out, 'readiness.md'), 'utf8')).toContain('# Readiness: NO-GO');
  });

  test('runs drills when told, keeps the rest, compares, verifies, and shows it all to operators', TIME, async () => {
    const only = process.env.READINESS_DRILLS === 'all' ? [] : ['--only', SOME_DRILLS];
    const { out } = await readiness('--url', address, '--drills', ...only, '--since', '1h', '--format', 'json');
    const report = JSON.parse(out) as Report;
    expect(outcomesOf(report).filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    expect(report.results.find(({ check }) => check === SOME_DRILLS)).toMatchObject({ outcome: 'pass', fresh: true });
    expect(report.results.find(({ check }) => check === 'health')).toMatchObject({ outcome: 'pass', fresh: false });

    const reports = (await readiness('list')).out
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0] ?? '');
    expect(reports).toHaveLength(2);
    const diff = await readiness('diff', reports[1] ?? '', 'latest');
    expect(diff).toMatchObject({ code: 0, out: expect.stringContaining(`better\t${SOME_DRILLS}: not run → pass`) });
    expect(await readiness('verify')).toMatchObject({ code: 0, out: '2 report(s), the chain is whole.\n' });

    expect((await readiness('show', 'latest', '--format', 'markdown')).out).toContain('# Readiness: NO-GO');
    expect((await readiness('catalogue')).out).toContain(SOME_DRILLS);

    const page = await client.get<{ data: { id: string; verdict: string }[]; next_cursor: string | null }>(
      '/v1/admin/readiness?limit=1',
    );
    expect(page).toMatchObject({ data: [{ id: report.id, verdict: 'NO-GO' }] });
    const next = await client.get<typeof page>(`/v1/admin/readiness?limit=1&cursor=${page.next_cursor}`);
    expect(next).toMatchObject({ data: [{ id: reports[1] }], next_cursor: null });
    const shown = await client.get<{ chain_faults: string[]; results: unknown[] }>('/v1/admin/readiness/latest');
    expect(shown).toMatchObject({
      chain_faults: [],
      targets: { security: 95, performance: 85 },
      outcomes: { fail: 0, pass: expect.any(Number) },
      results: expect.arrayContaining([expect.objectContaining({ check: 'health' })]),
    });
    await expect(client.get(`/v1/admin/readiness/01a215bb-778e-76d5-a1f1-7e628887d188`)).rejects.toThrow(/404/);

    const kept = join(folder, 'data/readiness');
    const [first = ''] = (await readdir(kept)).sort();
    const whole = await readFile(join(kept, first), 'utf8');
    await writeFile(join(kept, first), whole.replace('"outcome": "pass"', '"outcome": "fail"'));
    expect(await readiness('verify')).toMatchObject({
      code: 2,
      out: expect.stringContaining('was changed after it was written'),
    });
    expect(await client.get('/v1/admin/readiness/latest')).toMatchObject({
      chain_faults: [expect.stringContaining('was changed')],
    });
    await writeFile(join(kept, first), whole);
  });

  describe.skipIf(chromiumPath === undefined)('in the console', TIME, () => {
    async function open(path: string, options: BrowserContextOptions = {}, as: Login = login): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      const stored = JSON.stringify(storedCredentials(as));
      await page.addInitScript(`localStorage['parley.credentials'] ??= ${JSON.stringify(stored)}`);
      await page.goto(`${address}${path}`);
      return page;
    }

    test('operators see the verdict, what is open and why, the evidence, and earlier reports', async () => {
      const page = await open('/');
      await page.getByRole('button', { name: /^Account/ }).click();
      await page.getByRole('menuitem', { name: 'Readiness' }).click();
      await expectVisible(page.getByRole('heading', { name: 'Readiness' }));
      await expectVisible(page.getByText('NO-GO', { exact: true }));
      await expectVisible(page.getByText('of 85', { exact: true }));
      const reliability = page.getByRole('list', { name: 'reliability' });
      const drill = reliability.getByRole('listitem').filter({ hasText: 'kill-in-mid-answer' });
      await expectVisible(drill.getByText('left out by --only'));
      await page.getByText(/^All \(/).click();
      const headers = page.getByRole('listitem').filter({ hasText: 'security-headers' });
      await headers.getByText('Evidence').click();
      await expectVisible(headers.getByText('S3-52'));
      const history = page.getByRole('table').getByRole('link');
      expect(await history.count()).toBe(2);
      await history.last().click();
      await expectVisible(page.getByRole('row', { name: /NO-GO/ }).and(page.locator('[aria-current]')));
      expect(new URL(page.url()).pathname).toMatch(/^\/readiness\/[0-9a-f-]{36}$/);
    });

    test('others are told that it is not theirs', async () => {
      const account = { email: 'somebody@example.com', password: 'of somebody in this test' };
      await client.post('/v1/auth/register', account);
      const page = await open('/readiness', {}, await logIn(address, account));
      await expectVisible(page.getByText('operators’ business'));
      expect(await page.getByRole('table').count()).toBe(0);
    });

    test.each<[string, BrowserContextOptions]>([
      ['wide', {}],
      ['phone, dark', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' }],
    ])('is sound: %s', async (name, options) => {
      const page = await open('/readiness', options);
      await expectVisible(page.getByText('NO-GO', { exact: true }));
      await page.getByText(/^All \(/).click();
      await page.getByText('Evidence', { exact: true }).first().click();
      await expectSound(page);
      // To look at: SCREENSHOTS=/tmp/shots npx vitest run acceptance/readiness
      const shots = process.env.SCREENSHOTS;
      if (shots)
        await page.screenshot({ path: join(shots, `readiness-${name.replaceAll(/\W+/g, '-')}.png`), fullPage: true });
    });
  });

  test.each([
    [['--only', 'nothing-of-this-kind'], /is no check, kind, category or item/],
    [['--since', 'yesterday'], /--since must be like/],
    [['--waivers', '/nowhere'], /cannot be read/],
    [['show', '00000000'], /There is no report/],
  ])('%j is a wrong option, and says what is right', TIME, async (args, words) => {
    expect(await readiness(...args)).toMatchObject({ code: 64, err: expect.stringMatching(words) });
  });

  test('causes no fault on a machine of production, unless told twice', TIME, async () => {
    const production = { ...settings, ENVIRONMENT: 'production', SECRET_KEY: 'Hn3kq9Zr7Lw2Xv5Tb8Yc4Fm6Gd1Jp0Sa' };
    for (const option of ['--drills', '--load']) {
      const refused = await runParley(['readiness', option, '--only', SOME_DRILLS], production);
      expect(refused).toMatchObject({ code: 64, err: expect.stringContaining('--yes-production') });
    }
  });
});
