import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import {
  answers,
  expectSound,
  expectVisible,
  type Login,
  logIn,
  storedCredentials,
} from '../../console/test/console-page.ts';
import { KeptWindows } from '../../console/test/kept-windows.ts';
import { ApiClient } from '../support/api-client.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { STORY } from '../support/story.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe.skipIf(chromiumPath === undefined)('memory in the console', { ...STORY, timeout: 180_000 }, () => {
  let folder: string;
  let parley: ParleyProcess;
  let address: string;
  let login: Login;
  let client: ApiClient;
  let browser: Browser;
  let windows: KeptWindows;
  let talkId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-memory-page-'));
    browser = await launchChromium();
    const credential = await installInto(join(folder, 'data'));
    parley = startParley({ ...RAISED_LIMITS, DATA_DIR: join(folder, 'data') });
    address = await vi.waitFor(
      () => {
        const found = /Parley is at\s+(\S+)/.exec(parley.output())?.[1];
        if (found === undefined) throw new Error(`Parley has not served yet:\n${parley.output()}`);
        return found;
      },
      { timeout: 150_000, interval: 100 },
    );
    windows = new KeptWindows(browser, address);
    login = await logIn(address, credential);
    client = await ApiClient.login(address, credential);
    for (const [place, content] of ['The blue boat has a leak.', 'The garden gate is green.', 'Thanks!'].entries()) {
      const created_at = new Date(Date.now() - (40 - place) * 86_400_000).toISOString();
      await client.post('/v1/messages', { role: 'user', content, conversation_id: 'notes', created_at });
    }
    await client.ask((await client.post<{ id: string }>('/v1/sessions', {})).id, 'My name is Ada and I live in Oslo.');
    await vi.waitFor(async () => expect((await client.get<{ facts: number }>('/v1/memory/stats')).facts).toBe(2), {
      timeout: 180_000,
      interval: 200,
    });
    talkId = (await client.post<{ id: string }>('/v1/sessions', {})).id;
    await client.ask(talkId, 'What is my name?');
  }, 240_000);

  afterEach(() => windows.closePages());
  afterAll(async () => {
    await browser?.close();
    await parley?.stop();
    await rm(folder, { recursive: true });
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await windows.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const stored = JSON.stringify(storedCredentials(login));
    await page.addInitScript(`localStorage['parley.credentials'] ??= ${JSON.stringify(stored)}`);
    await page.goto(`${address}${path}`);
    return page;
  }
  const rowWith = (page: Page, text: string | RegExp) => page.getByRole('listitem').filter({ hasText: text });
  // To look at: SCREENSHOTS=/tmp/shots npx vitest run console-memory
  const shoot = async (page: Page, name: string) => {
    const shots = process.env.SCREENSHOTS;
    if (shots) await page.screenshot({ path: join(shots, `${name.replaceAll(/\W+/g, '-')}.png`) });
  };

  test('an answer shows what was remembered, while it comes and later, and leads to where it is forgotten', async () => {
    const page = await open('/');
    await page.getByRole('textbox', { name: 'Your question' }).fill('Where do I live?');
    await page.keyboard.press('Enter');
    const summary = answers(page).getByText(/Remembered: You live in Oslo/);
    await expectVisible(summary);
    await page.goto(`${address}/sessions/${talkId}`);
    await answers(page)
      .getByText(/Remembered: Your name is Ada/)
      .click();
    await shoot(page, 'recalled wide');
    await answers(page)
      .getByRole('link', { name: /Correct or forget: Your name is Ada/ })
      .click();
    await expectVisible(page.getByRole('heading', { name: 'A memory' }));
    await expectVisible(page.getByText('My name is Ada and I live in Oslo.'));
  });

  test('facts are corrected, and what held before is shown on demand', async () => {
    const page = await open('/memory');
    await page.getByRole('button', { name: 'Correct: You live in Oslo.' }).click();
    await page.getByRole('textbox', { name: /^Your home/ }).fill('Bergen');
    await page.getByRole('button', { name: 'Save' }).click();
    await expectVisible(rowWith(page, 'You live in Bergen.'));
    expect(await rowWith(page, 'You live in Oslo.').count()).toBe(0);
    await page.getByLabel('Also what no longer holds').check();
    await expectVisible(rowWith(page, /You live in Oslo\..*no longer holds/));
    await page.getByRole('button', { name: 'Write down' }).click();
    await page.getByLabel('What', { exact: true }).fill('favourite tea');
    await page.getByLabel('Is', { exact: true }).fill('oolong');
    await page.getByRole('button', { name: 'Save' }).click();
    await expectVisible(rowWith(page, 'oolong'));
    await page.getByRole('button', { name: /^Delete: .*oolong/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => rowWith(page, 'oolong').count(), { timeout: 60_000 }).toBe(0);
  });

  test('memories are searched with their score explained, corrected, looked up in their history and forgotten', async () => {
    const page = await open('/memory');
    await page.getByRole('textbox', { name: 'Search your memories' }).fill('Which boat leaks?');
    await page.keyboard.press('Enter');
    const found = page.getByRole('list', { name: 'Found memories' });
    await expectVisible(found.getByText('The blue boat has a leak.'));
    await found
      .getByText(/^Score 0\.\d+/)
      .first()
      .click();
    await expectVisible(found.getByRole('row', { name: /Likeness/ }));
    await shoot(page, 'memory search wide');
    await found.getByRole('button', { name: /Actions for the memory: The blue boat/ }).click();
    await page.getByRole('menuitem', { name: 'Correct' }).click();
    await page.getByLabel('It should say').fill('The blue boat is mended.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Show all' }).click();
    await expectVisible(rowWith(page, /The blue boat is mended\..*corrected/));
    await page.getByRole('button', { name: /Actions for the memory: The blue boat/ }).click();
    await page.getByRole('menuitem', { name: 'Open' }).click();
    await expectVisible(
      page.getByRole('list', { name: 'Versions, newest first' }).getByText('The blue boat has a leak.'),
    );
    await page.getByRole('button', { name: 'Forget' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
    await expectVisible(page.getByRole('list', { name: 'Your memories' }));
    await expect.poll(() => page.getByText('blue boat').count(), { timeout: 60_000 }).toBe(0);
  });

  test('all of it can be taken out', async () => {
    const page = await open('/memory');
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'All of it, as JSON' }).click(),
    ]);
    const { memories } = JSON.parse(await readFile(await download.path(), 'utf8')) as {
      memories: { content: string }[];
    };
    expect(memories.map(({ content }) => content)).toContain('The garden gate is green.');
  });

  test('an admin tries retention, adds a rule, and applies it', async () => {
    const page = await open('/retention');
    await page.getByLabel('Archive after, days', { exact: true }).fill('');
    await page.getByLabel('Archive importance up to').fill('');
    await page.getByRole('button', { name: 'Save the policy' }).click();
    await expectVisible(page.getByRole('button', { name: 'Saved' }));
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Number').fill('30');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expectVisible(rowWith(page, 'Archive what is older than 30 days'));
    await page.getByRole('button', { name: 'Dry run' }).click();
    const preview = page.getByRole('status').filter({ hasText: 'If it were applied now' });
    await expectVisible(preview);
    const counted = /(\d+) archived/.exec((await preview.textContent()) ?? '')?.[1];
    expect(Number(counted)).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Apply now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await expectVisible(rowWith(page, new RegExp(`^${counted} archived`)));
    await shoot(page, 'retention wide');
    await expectSound(page);
  });

  test.each<[string, BrowserContextOptions]>([
    ['wide', {}],
    ['phone, dark', { ...PHONE, colorScheme: 'dark' }],
  ])('the pages are sound: %s', async (name, options) => {
    const page = await open('/memory', options);
    await expectVisible(page.getByRole('list', { name: 'Facts' }));
    await expectVisible(page.getByRole('list', { name: 'Your memories' }));
    await expectSound(page);
    await shoot(page, `memory ${name}`);
    await page.goto(`${address}/sessions/${talkId}`);
    await expectVisible(answers(page).getByText(/Remembered: /));
    await expectSound(page);
    await shoot(page, `recalled ${name}`);
    await page.goto(`${address}/retention`);
    await expectVisible(page.getByRole('heading', { name: 'Runs' }));
    await expectSound(page);
    await shoot(page, `retention ${name}`);
  });

  test('everything is forgotten at once, and the chats stay', async () => {
    const page = await open('/memory');
    await expectVisible(page.getByRole('list', { name: 'Your memories' }));
    await page.getByRole('button', { name: 'Forget everything' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget everything' }).click();
    await expectVisible(page.getByText(/^Everything is forgotten\. Memories with their earlier versions: [1-9]/));
    await shoot(page, 'everything forgotten wide');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the signed receipt' }).click();
    const saved = JSON.parse(await readFile(await (await saving).path(), 'utf8'));
    expect(saved.receipt).toMatchObject({ kind: 'memories', counts: { memories: expect.any(Number) } });
    expect(saved.signature).toEqual(expect.any(String));
    await expectVisible(page.getByText('No facts are known.'));
    await expectVisible(page.getByText(/^Nothing is remembered yet/));
    await page.goto(`${address}/sessions/${talkId}`);
    await expectVisible(answers(page).getByText('What is my name?'));
  });
});
