import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import {
  expectSound,
  expectVisible,
  isFocused,
  type Login,
  logIn,
  storedCredentials,
  tabTo,
} from '../../console/test/console-page.ts';
import { KeptWindows } from '../../console/test/kept-windows.ts';
import { type PacedModel, pacedModel } from '../../console/test/paced-model.ts';
import { ApiClient } from '../support/api-client.ts';
import { buildZip } from '../support/build-zip.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const PATIENT = { timeout: 180_000 };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const ENDED = new Set(['completed', 'failed', 'cancelled']);
const LONG_NAME = `a-name-that-goes-on-${'and-on-'.repeat(30)}`;

const PAY = "import { execSync } from 'node:child_process';\nexport const pay = (card) => execSync('pay ' + card);\n";
const SHOP = {
  'package.json': JSON.stringify({ name: 'shop', dependencies: { express: '^4.21.2' } }),
  'src/app.js': "import express from 'express';\nexport const app = express();\n",
  'src/pay.js': PAY,
  'lib/run.js': 'export const run = (text) => eval(text);\n',
};
const NEW_FAULT =
  "import { createHash } from 'node:crypto';\nexport const h = (t) => createHash('md5').update(t + 'password');\nexport const go = (t) => eval(t + 1);\n";

/** The analysis of code as people use it: a real browser, the program as it is started, a git server with what goes wrong. */
describe.skipIf(chromiumPath === undefined)('code in the console', { timeout: 240_000 }, () => {
  let folder: string;
  let parley: ParleyProcess;
  let address: string;
  let login: Login;
  let client: ApiClient;
  let git: TestGitServer;
  let model: PacedModel;
  let browser: Browser;
  let windows: KeptWindows;
  let number = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-code-page-'));
    [git, model, browser] = await Promise.all([startGitServer(), pacedModel(), launchChromium()]);
    const credential = await installInto(join(folder, 'data'));
    parley = startParley({
      ...RAISED_LIMITS,
      DATA_DIR: join(folder, 'data'),
      OUTBOUND_ALLOWED_HOSTS: '127.0.0.1',
      OPENAI_BASE_URL: model.baseUrl,
      DEFAULT_MODEL: 'openai/paced',
      UNPRICED_MODELS: 'allow',
      CODE_ANALYSIS_CONCURRENCY: '2',
    });
    address = await parley.address();
    windows = new KeptWindows(browser, address);
    login = await logIn(address, credential);
    client = await ApiClient.login(address, credential);
  }, 240_000);

  afterEach(async () => {
    await windows.closePages();
    const { data } = await client.get<{ data: { id: string }[] }>('/v1/repositories?limit=100');
    for (const { id } of data) await client.delete(`/v1/repositories/${id}`);
  });
  afterAll(async () => {
    await browser?.close();
    await parley?.stop();
    await model?.close();
    await git?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(path: string, options: BrowserContextOptions = {}, as = login): Promise<Page> {
    const page = await windows.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const stored = JSON.stringify(storedCredentials(as));
    await page.addInitScript(`localStorage['parley.credentials'] ??= ${JSON.stringify(stored)}`);
    await page.goto(`${address}${path}`);
    return page;
  }
  // To look at: SCREENSHOTS=/tmp/shots npx vitest run console-code
  const shoot = async (page: Page, name: string) => {
    const shots = process.env.SCREENSHOTS;
    if (shots) await page.screenshot({ path: join(shots, `code-${name.replaceAll(/\W+/g, '-')}.png`) });
  };
  const rowWith = (page: Page, text: string | RegExp) => page.getByRole('listitem').filter({ hasText: text });
  const finding = (page: Page, text: string | RegExp) =>
    page.getByRole('list', { name: 'Findings' }).getByRole('listitem').filter({ hasText: text });
  /** A new one at each try. */
  const nameOf = (stem: string) => `${stem}-${++number}`;

  async function repositoryOf(stem: string, files: Readonly<Record<string, string>> = SHOP) {
    const name = nameOf(stem);
    const url = await git.add(name, [files]);
    const { id } = await client.post<{ id: string }>('/v1/repositories', { url });
    await analyse(id);
    return { id, name };
  }
  async function analyse(repository_id: string): Promise<string> {
    const { id } = await client.post<{ id: string }>('/v1/analyses', { repository_id });
    await client.until<{ status: string }>(`/v1/analyses/${id}`, ({ status }) => ENDED.has(status));
    return id;
  }
  async function invited(role: 'member' | 'viewer'): Promise<Login> {
    const email = `${nameOf(role)}@example.com`;
    await client.post('/v1/invitations', { email, role });
    const mails = join(folder, 'data', 'mail');
    const token = await vi.waitFor(async () => {
      const texts = await Promise.all((await readdir(mails)).map((name) => readFile(join(mails, name), 'utf8')));
      const found = /#token=(\S+)/.exec(texts.find((text) => text.includes(email)) ?? '')?.[1];
      if (found === undefined) throw new Error(`No mail has come to ${email}.`);
      return found;
    }, PATIENT);
    const response = await fetch(`${address}/v1/auth/invitations/accept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password: 'correct horse battery' }),
    });
    expect(response.status).toBe(201);
    return (await response.json()) as Login;
  }

  test('without code it says what to do; an address is added, analysed by itself, and its result appears', async () => {
    const name = nameOf('added');
    const url = await git.add(name, [SHOP]);
    const page = await open('/repositories');
    await expectVisible(page.getByText('No code has been analysed yet'));
    await shoot(page, 'nothing');
    await page.getByRole('button', { name: 'Add the first repository' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill('ftp://example.com/code');
    await dialog.getByRole('button', { name: 'Add and analyse' }).click();
    await expectVisible(dialog.getByText('Must begin with https:// or http://.'));
    await expectSound(page);
    await shoot(page, 'add');
    await dialog.getByLabel('Address').fill(url);
    await dialog.getByRole('button', { name: 'Add and analyse' }).click();
    await expectVisible(rowWith(page, name).getByText(/\d+ findings · analysed/));
    expect(await rowWith(page, name).textContent()).toMatch(/Grade [A-E]/);
    await rowWith(page, name).getByRole('link', { name }).click();
    await expectVisible(page.getByRole('heading', { level: 1, name }));
    await expectVisible(finding(page, 'src/pay.js:2'));
    expect(await page.title()).toBe(`${name} · Parley`);
  });

  test('an archive is sent and analysed; what is none is refused with the reason, and stops no other', async () => {
    const page = await open('/repositories');
    await page.getByLabel('Upload archives of code').setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no archive') },
      { name: 'shop.zip', mimeType: 'application/zip', buffer: Buffer.from(buildZip(SHOP)) },
    ]);
    await expectVisible(
      rowWith(page, 'notes.txt')
        .getByRole('alert')
        .getByText(/zip, tar\.gz or tar/),
    );
    await expectVisible(rowWith(page, 'shop.zip').getByText(/findings · analysed/));
    await page.getByRole('button', { name: 'Dismiss notes.txt' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Uploads' }).count(), PATIENT).toBe(0);
  });

  test('findings are filtered, by an address that can be passed on, and judged with a way back', async () => {
    const { id, name } = await repositoryOf('judged');
    const page = await open(`/repositories/${id}`);
    await expectVisible(finding(page, 'lib/run.js:1'));
    await page.getByLabel('Severity').selectOption('high');
    await page.getByLabel('Kind').selectOption('security');
    await page.getByLabel('Path', { exact: true }).fill('PAY');
    await expect.poll(() => finding(page, /./).count(), PATIENT).toBe(1);
    expect(new URL(page.url()).search).toBe('?severity=high&category=security&path=PAY');
    await page.reload();
    await expectVisible(finding(page, 'src/pay.js:2'));
    expect(await finding(page, /./).count()).toBe(1);

    // By the keyboard alone: the state, then the way back.
    const judge = page.getByRole('button', { name: 'Open: judge src/pay.js:2' });
    await tabTo(page, judge, 'Tab');
    await page.keyboard.press('Enter');
    await expectVisible(page.getByRole('menuitemradio', { name: /^Accepted/ }));
    await expectSound(page);
    await shoot(page, 'judging');
    await tabTo(page, page.getByRole('menuitemradio', { name: /^Accepted/ }), 'ArrowDown');
    await page.keyboard.press('Enter');
    await expectVisible(finding(page, /Accepted by you/));
    await expectVisible(page.getByRole('tab', { name: /Findings \(2 open\)/ }));
    await expectVisible(page.getByRole('status').filter({ hasText: 'src/pay.js:2: Accepted' }));
    await shoot(page, 'judged');
    const undo = finding(page, 'src/pay.js').getByRole('button', { name: 'Undo' });
    await tabTo(page, undo, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expectVisible(page.getByRole('tab', { name: /Findings \(3 open\)/ }));
    expect(await isFocused(judge)).toBe(true);
    expect(await finding(page, /by you/).count()).toBe(0);

    await page.getByRole('button', { name: 'Open: judge src/pay.js:2' }).click();
    await page.getByRole('menuitem', { name: 'With a note' }).click();
    const dialog = page.getByRole('dialog', { name: 'Judge this finding' });
    await dialog.getByLabel('State').selectOption('false_positive');
    await dialog.getByLabel('Note').fill('The card is a number.');
    await expectSound(page);
    await shoot(page, 'note');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectVisible(finding(page, /False positive by you.*: The card is a number\./));
    await page.goto(`${address}/repositories/${id}`);
    await expectVisible(finding(page, 'lib/run.js:1'));
    expect(await finding(page, 'src/pay.js').count()).toBe(0);
    await page.getByLabel('State').selectOption('false_positive');
    await expectVisible(finding(page, 'The card is a number.'));
    await page.getByLabel('Path', { exact: true }).fill('nowhere');
    await expectVisible(page.getByText('Nothing fits this filter'));

    // It outlives the analysis, and the next one says what changed.
    await git.commit(name, { 'src/new.js': NEW_FAULT, 'lib/run.js': null });
    await page.getByRole('button', { name: `Analyse again: ${name}` }).click();
    await expectVisible(page.getByRole('row').filter({ hasText: 'Completed' }).nth(1));
    await page.getByRole('tab', { name: 'Changes' }).click();
    const news = page.getByRole('list', { name: 'New' });
    await expectVisible(news.getByText('src/new.js:3'));
    await expectVisible(page.getByRole('list', { name: 'Gone' }).getByText('lib/run.js:1'));
    expect(await news.getByText('src/pay.js:2').count()).toBe(0);
    await shoot(page, 'changes');
    await expectSound(page);
    await page.getByRole('link', { name: 'the analysis before' }).click();
    await expectVisible(page.getByText('This is an older analysis.'));
    await page
      .getByRole('button', { name: /^Delete the analysis of/ })
      .last()
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'Completed' }).count(), PATIENT).toBe(1);
    await expectVisible(finding(page, 'src/new.js:3').or(page.getByText('src/new.js:3')));
  });

  test('the parts of an analysis are reached by arrow keys, and each report is a file', async () => {
    const { id, name } = await repositoryOf('parts');
    const page = await open(`/repositories/${id}`);
    const tab = (part: RegExp) => page.getByRole('tab', { name: part });
    await expectVisible(finding(page, 'src/pay.js:2'));
    await tab(/Findings/).focus();
    await page.keyboard.press('ArrowRight');
    await expectVisible(page.getByText('This is the first result of this repository.'));
    await page.keyboard.press('ArrowRight');
    expect(await isFocused(tab(/Readiness/))).toBe(true);
    await expectVisible(page.getByText('NO-GO'));
    for (const press of ['ArrowRight', 'ArrowRight']) await page.keyboard.press(press);
    await expectVisible(page.getByRole('row', { name: /^JavaScript/ }));
    await page.getByText('How the scores are counted').click();
    await expectVisible(page.getByText(/2 \* complex_percent/));
    for (const [format, begin] of [
      [/^PDF/, '%PDF-'],
      [/HTML/, '<!doctype html>'],
      [/^Markdown/, '# Analysis of'],
      [/^SARIF/, '{'],
      [/^JSON/, '{'],
    ] as const) {
      await page.getByRole('button', { name: 'Report' }).click();
      const saving = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: format }).click();
      const download = await saving;
      expect(download.suggestedFilename()).toContain(`parley-${name}`);
      const text = await readFile(await download.path(), 'latin1');
      expect(text.toLowerCase().startsWith(begin.toLowerCase())).toBe(true);
    }
  });

  test('one that takes long shows what is done, and is cancelled; one that failed says what helps, and that helps', async () => {
    const name = nameOf('private');
    await git.add(name, [SHOP]);
    const page = await open('/repositories');
    await page.getByRole('button', { name: 'Add a repository' }).click();
    await page.getByLabel('Address').fill(`${git.url}/silent/${name}.git`);
    await page.getByLabel('Name').fill('Silent code');
    await page.getByRole('button', { name: 'Add and analyse' }).click();
    await expectVisible(rowWith(page, 'Silent code').getByText('Fetching the code'));
    await expectVisible(page.getByRole('progressbar', { name: 'Analysing Silent code' }));
    await expectSound(page);
    await shoot(page, 'running');
    await page.getByRole('button', { name: 'Actions for Silent code' }).click();
    await page.getByRole('menuitem', { name: 'Cancel the analysis' }).click();
    await expectVisible(rowWith(page, 'Silent code').getByText('The analysis was cancelled'));

    const { id } = await client.post<{ id: string }>('/v1/repositories', { url: `${git.url}/private/${name}.git` });
    await analyse(id);
    await page.goto(`${address}/repositories/${id}`);
    await expectVisible(page.getByRole('alert').getByText('Give an access token that may read this repository'));
    await shoot(page, 'failed');
    await expectSound(page);
    await page.getByRole('button', { name: 'Edit the repository' }).click();
    await page.getByLabel('Access token', { exact: true }).fill(git.token);
    await page.getByLabel('Description').fill('Ours alone.');
    await page.getByRole('button', { name: 'Save' }).click();
    await expectVisible(page.getByText('Ours alone.'));
    await page.getByRole('button', { name: `Analyse again: ${name}` }).click();
    await expectVisible(finding(page, 'src/pay.js:2'));

    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this repository?' });
    await expectVisible(dialog);
    await expect.poll(() => isFocused(dialog.getByRole('button', { name: 'Cancel' })), PATIENT).toBe(true);
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await expectVisible(page.getByRole('heading', { level: 1, name: 'Repositories' }));
    await expect.poll(() => rowWith(page, name).count(), PATIENT).toBe(1);
    expect(await rowWith(page, 'Silent code').count()).toBe(1);
  });

  test('a viewer reads and is offered nothing; a member changes what is theirs alone', async () => {
    const { id, name } = await repositoryOf('shared');
    const viewer = await invited('viewer');
    const seen = await open('/repositories', {}, viewer);
    await expectVisible(rowWith(seen, name).getByText(/findings · analysed/));
    expect(await seen.getByRole('main').getByRole('button').count()).toBe(0);
    expect(await seen.getByLabel('Upload archives of code').count()).toBe(0);
    await seen.getByRole('link', { name }).click();
    await expectVisible(finding(seen, 'src/pay.js:2'));
    for (const offer of [/judge/, /^Analyse/, /^Actions/, /^Delete/]) {
      expect(await seen.getByRole('button', { name: offer }).count()).toBe(0);
    }
    expect(await seen.getByRole('tab', { name: 'Suggestions' }).count()).toBe(0);
    await windows.closePages();

    const member = await invited('member');
    const page = await open(`/repositories/${id}`, {}, member);
    await expectVisible(page.getByRole('button', { name: 'Open: judge src/pay.js:2' }));
    expect(await page.getByRole('button', { name: /^Delete/ }).count()).toBe(0);
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await expectVisible(page.getByRole('menuitem', { name: 'Analyse again' }));
    expect(await page.getByRole('menuitem').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Analyse again: ${name}` }).click();
    // The analysis that they began is theirs, the one before is not.
    await expectVisible(page.getByRole('button', { name: /^Delete the analysis/ }));
    expect(await page.getByRole('button', { name: /^Delete the analysis/ }).count()).toBe(1);
  });

  test('an admin lets a model be asked, and what it says of lines that are there is shown', async () => {
    const { id, name } = await repositoryOf('suggested');
    try {
      const page = await open(`/repositories/${id}?view=suggestions`);
      await expectVisible(page.getByText('Suggestions are off'));
      await page.getByRole('button', { name: 'Turn suggestions on' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click();
      await expectVisible(page.getByRole('button', { name: 'Turn suggestions off' }));
      const turn = model.turn('lib/run.js');
      await page.getByRole('button', { name: `Analyse again: ${name}` }).click();
      const said = { title: 'Do not evaluate', text: 'Read the text as data.', severity: 'high', path: 'lib/run.js' };
      const suggestions = [
        { ...said, line: 1, snippet: 'eval(text)' },
        { ...said, line: 9, snippet: 'nothing here' },
      ];
      (await turn).say(JSON.stringify({ suggestions }));
      (await turn).end();
      const list = page.getByRole('list', { name: 'Suggestions' });
      await expectVisible(list.getByText('Do not evaluate'));
      await expectVisible(list.getByText('lib/run.js:1'));
      await expectVisible(page.getByText('Left out, since they named none: 1.'));
      await expectSound(page);
      await shoot(page, 'suggestions');
    } finally {
      await client.patch('/v1/tenants/current/settings', { 'code.suggestions': null });
    }
  });

  test.each<[string, BrowserContextOptions]>([
    ['wide', {}],
    ['phone, dark', { ...PHONE, colorScheme: 'dark' }],
  ])('pages of findings, long names and all parts are sound: %s', async (name, options) => {
    const line = (n: number) => `export const run${n} = (text) => eval(text + ${n});\n`;
    const lines = Array.from({ length: 80 }, (_, n) => line(n)).join('');
    const files = Object.fromEntries(Array.from({ length: 2 }, (_, n) => [`src/${'deep/'.repeat(20)}${n}.js`, lines]));
    const form = new FormData();
    form.append('name', LONG_NAME);
    form.append('file', new Blob([new Uint8Array(buildZip({ ...SHOP, ...files }))]), 'many.zip');
    const { id } = await client.post<{ id: string }>('/v1/repositories', form);
    await analyse(id);
    const page = await open('/repositories', options);
    await expectVisible(rowWith(page, LONG_NAME).getByText(/findings · analysed/));
    await expectSound(page);
    await shoot(page, `list ${name}`);
    await page.goto(`${address}/repositories/${id}`);
    await expect.poll(() => finding(page, /./).count(), PATIENT).toBe(50);
    await expectSound(page);
    await shoot(page, `findings ${name}`);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => finding(page, /./).count(), PATIENT).toBe(100);
    for (const part of ['readiness', 'figures', 'changes', 'suggestions']) {
      await page.goto(`${address}/repositories/${id}?view=${part}`);
      await expectVisible(page.getByRole('tabpanel').getByText(/./));
      await expectSound(page);
      await shoot(page, `${part} ${name}`);
    }
  });
});
