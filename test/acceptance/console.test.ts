import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import {
  answers,
  bearer,
  drop,
  expectSound,
  expectVisible,
  isFocused,
  type Login,
  logIn,
  storedCredentials,
  tabTo,
} from '../../console/test/console-page.ts';
import { type PacedModel, pacedModel } from '../../console/test/paced-model.ts';
import { type SeverableLine, severableLine } from '../../console/test/severable-line.ts';
import { ApiClient } from '../support/api-client.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const LIGHTHOUSE = `# The lighthouse of Vessau

## History

The lighthouse of Vessau was built in 1874 by Ilse Brandt. It stood unlit from 1941 to 1946.

## Height

The lighthouse of Vessau is 41 metres tall. Its light is seen from 19 sea miles away.
`;

/** The machine may be busy with other tests. */
const PATIENT = { timeout: 180_000 };
const START = { timeout: 240_000, interval: 100 };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** The console as people use it: a real browser, the program as it is started, a model that speaks as slowly as told. */
describe.skipIf(chromiumPath === undefined)('the console', { timeout: 240_000 }, () => {
  let dataDir: string;
  let parley: ParleyProcess;
  let address: string;
  let credential: { email: string; password: string };
  let client: ApiClient;
  let login: Login;
  let model: PacedModel;
  let browser: Browser;
  const faults: string[] = [];
  /** Documents that every test finds. */
  let kept: Set<string>;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-console-'));
    [model, browser, credential] = await Promise.all([pacedModel(), launchChromium(), installInto(dataDir)]);
    parley = startParley({
      ...RAISED_LIMITS,
      DATA_DIR: dataDir,
      OPENAI_BASE_URL: model.baseUrl,
      DEFAULT_MODEL: 'openai/paced',
      OUTBOUND_ALLOWED_HOSTS: '127.0.0.1',
    });
    address = await served(parley);
    login = await logIn(address, credential);
    client = await ApiClient.login(address, credential);
    const { id } = await client.post<{ id: string }>('/v1/documents', {
      title: 'The lighthouse of Vessau',
      content: LIGHTHOUSE,
      content_type: 'text/markdown',
    });
    await vi.waitFor(async () => {
      const { status, error } = await client.get<{ status: string; error: unknown }>(`/v1/documents/${id}`);
      if (status !== 'ready') throw new Error(`The document is ${status}: ${JSON.stringify(error)}`);
    }, START);
    kept = new Set(await idsOf('documents'));
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await parley?.stop();
    await model?.close();
    await rm(dataDir, { recursive: true });
  });

  const idsOf = async (name: string) =>
    (await client.get<{ data: { id: string }[] }>(`/v1/${name}?limit=100`)).data.map(({ id }) => id);

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    // One that is tried again finds what it found before.
    for (const id of await idsOf('sessions')) await client.delete(`/v1/sessions/${id}`);
    for (const id of await idsOf('documents')) if (!kept.has(id)) await client.delete(`/v1/documents/${id}`);
    for (const id of await idsOf('mcp-servers')) await client.delete(`/v1/mcp-servers/${id}`);
    // Errors of the page, and what the content security policy refused. Refused requests are part of some tests.
    expect(faults.splice(0).filter((fault) => !fault.startsWith('Failed to load resource'))).toEqual([]);
  });

  async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    return page;
  }

  /** A page of somebody who has signed in before. */
  async function signedIn(path = '/', options: BrowserContextOptions = {}, at = address): Promise<Page> {
    const page = await newPage(options);
    const stored = JSON.stringify(storedCredentials(login));
    await page.addInitScript(`localStorage['parley.credentials'] ??= ${JSON.stringify(stored)}`);
    await page.goto(at + path);
    return page;
  }

  async function ask(page: Page, question: string) {
    const turn = model.turn(question);
    const input = page.getByLabel('Your question');
    await input.fill(question);
    await input.press('Enter');
    return turn;
  }

  const sessionIdOf = (page: Page) => new URL(page.url()).pathname.split('/')[2] ?? '';

  test('signs people in and says in a sentence what is wrong, beside the field', async () => {
    const page = await newPage();
    await page.goto(`${address}/documents`);
    await page.getByLabel('Email').fill(credential.email);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expectVisible(page.getByText('password is wrong'));

    await page.getByRole('link', { name: 'Create an account' }).click();
    await expectVisible(page.getByRole('heading', { name: 'Create an account' }));
    await page.getByLabel('Email').fill(`ada-${randomBytes(4).toString('hex')}@example.com`);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    const password = page.getByLabel('Password', { exact: true });
    await expect.poll(() => password.getAttribute('aria-invalid'), PATIENT).toBe('true');
    await password.fill('long enough to be a password');
    await page.getByRole('button', { name: 'Create account' }).click();

    // The page that was asked for first, and nothing of anybody else's in it.
    await expectVisible(page.getByRole('heading', { name: 'Documents' }));
    await expectVisible(page.getByText('There are no documents yet.'));
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await expectVisible(page.getByRole('heading', { name: 'Sign in' }));
    expect(await page.evaluate('localStorage["parley.credentials"] ?? null')).toBeNull();
  });

  test('shows an answer while it is written, and the passage behind each of its numbers', async () => {
    const page = await signedIn();
    const turn = await ask(page, 'How tall is the lighthouse of Vessau?');
    turn.say('The lighthouse is 41 metres tall [1]. ');
    await expectVisible(answers(page).getByText('41 metres tall'));
    await expectVisible(page.getByRole('button', { name: 'Stop answering' }));
    turn.say('It has 7 floors [1].');
    turn.end();

    const chips = answers(page).getByRole('button', { name: /^Source 1: The lighthouse/ });
    await expect.poll(() => chips.count(), PATIENT).toBe(2);
    expect(await chips.last().getAttribute('aria-label')).toContain('not confirmed');
    await chips.first().click();
    const panel = page.getByRole('complementary', { name: 'Source' });
    await expectVisible(panel.getByRole('heading', { name: 'The lighthouse of Vessau' }));
    expect(await panel.locator('mark').innerText()).toContain('41 metres tall');
    expect(await panel.getByLabel('Passage').innerText()).toContain('built in 1874');

    await page.keyboard.press('Escape');
    await expect.poll(() => panel.count(), PATIENT).toBe(0);
    await expect.poll(() => isFocused(chips.first()), PATIENT).toBe(true);
    expect(await page.getByRole('link', { name: 'How tall is the lighthouse' }).getAttribute('aria-current')).toBe(
      'page',
    );
  });

  test('suggests questions about Parley while its own guides are there', async () => {
    const page = await signedIn();
    const starters = page.getByRole('list', { name: 'Questions to begin with' }).getByRole('button');
    await expect.poll(() => starters.count(), PATIENT).toBe(3);
    const question = await starters.first().innerText();
    const turn = model.turn(question);
    await starters.first().click();
    (await turn).say('Set its key.');
    (await turn).end();
    await expectVisible(answers(page).getByText('Set its key.'));
    await expectVisible(page.getByRole('link', { name: question }));
  });

  test('stops an answer with Escape, at the model too, and keeps what was said', async () => {
    const page = await signedIn();
    const turn = await ask(page, 'Tell me all about the lighthouse of Vessau');
    turn.say('It begins with');
    await expectVisible(answers(page).getByText('It begins with'));
    await page.keyboard.press('Escape');
    await turn.abandoned;
    await expectVisible(page.getByText('Stopped before its end'));
    await expectVisible(page.getByRole('button', { name: 'Send' }));
    await page.reload();
    await expectVisible(answers(page).getByText('It begins with'));
    await expectVisible(page.getByText('Stopped before its end'));
  });

  test('asks before a tool changes something, says what it waits for, and takes either word', async () => {
    let closed = 0;
    await using tickets = await startMcpServer((server) =>
      server.registerTool('close', { description: 'Closes a ticket.' }, () => {
        closed += 1;
        return { content: [{ type: 'text', text: 'The ticket is closed now.' }] };
      }),
    );
    await client.post('/v1/mcp-servers', { name: 'tickets', url: tickets.url });
    await client.patch('/v1/tenants/current/settings', { 'tools.default': [{ type: 'mcp', server: 'tickets' }] });
    try {
      const page = await signedIn();
      (await ask(page, 'Close the first ticket, please')).call('tickets__close', { ticket: 1 });
      await expectVisible(page.getByText('Waiting for your permission…'));
      await expectVisible(page.getByText('Allow this call?'));
      await expectSound(page);
      expect(closed).toBe(0);
      const done = model.turn('The ticket is closed now.');
      await page.getByRole('button', { name: 'Allow' }).click();
      (await done).say('It is closed.');
      (await done).end();
      await expectVisible(answers(page).getByText('It is closed.'));
      expect(closed).toBe(1);

      (await ask(page, 'And the second ticket')).call('tickets__close', { ticket: 2 });
      await expectVisible(page.getByRole('button', { name: 'Refuse' }));
      // Nobody holds the answer meanwhile: it is there again after a reload.
      await page.reload();
      await expectVisible(page.getByText('Waiting for your permission…'));
      const refused = model.turn('did not allow this call');
      await page.getByRole('button', { name: 'Refuse' }).click();
      (await refused).say('Then it stays open.');
      (await refused).end();
      await expectVisible(answers(page).getByText('Then it stays open.'));
      expect(closed).toBe(1);
    } finally {
      await client.patch('/v1/tenants/current/settings', { 'tools.default': null });
    }
  });

  test('finds an answer again that is being written when the page is loaded anew', async () => {
    const page = await signedIn();
    const turn = await ask(page, 'Who built the lighthouse of Vessau?');
    turn.say('It was built by ');
    await expectVisible(answers(page).getByText('It was built by'));
    await page.reload();
    await expectVisible(answers(page).getByText('It was built by'));
    turn.say('Ilse Brandt [1].');
    turn.end();
    await expectVisible(answers(page).getByRole('button', { name: /^Source 1/ }));
    const messages = await client.get<{ data: { content: string }[] }>(`/v1/sessions/${sessionIdOf(page)}/messages`);
    expect(messages.data.map(({ content }) => content)).toEqual([
      'Who built the lighthouse of Vessau?',
      'It was built by Ilse Brandt [1].',
    ]);
    expect(await page.getByRole('list').filter({ hasText: 'Ilse Brandt' }).getByText('It was built by').count()).toBe(
      1,
    );
  });

  test('follows an answer through a lost network', async () => {
    const line: SeverableLine = await severableLine(address);
    try {
      const page = await signedIn('/', {}, line.address);
      const turn = await ask(page, 'When was the lighthouse of Vessau unlit?');
      turn.say('It stood unlit ');
      await expectVisible(answers(page).getByText('It stood unlit'));
      line.sever();
      await expectVisible(answers(page).getByText('Connection lost'));
      turn.say('from 1941 to 1946 [1].');
      turn.end();
      line.mend();
      await expectVisible(answers(page).getByText('It stood unlit from 1941 to 1946'));
      await expectVisible(page.getByRole('button', { name: 'Send' }));
    } finally {
      await line.close();
    }
  });

  test('sends a question once the network is back, and once only', async () => {
    const line = await severableLine(address);
    try {
      const { id } = await client.post<{ id: string }>('/v1/sessions', { title: 'Offline' });
      const page = await signedIn(`/sessions/${id}`, {}, line.address);
      await expectVisible(page.getByRole('link', { name: 'Offline' }));
      line.sever();
      const question = 'Is anybody there at the lighthouse of Vessau?';
      const turn = model.turn(question);
      await page.getByLabel('Your question').fill(question);
      await page.keyboard.press('Enter');
      await expectVisible(answers(page).getByText('No connection.'));
      line.mend();
      (await turn).say('Nobody.');
      (await turn).end();
      await expectVisible(answers(page).getByText('Nobody.'));
      const messages = await client.get<{ data: { role: string }[] }>(`/v1/sessions/${id}/messages`);
      expect(messages.data.map(({ role }) => role)).toEqual(['user', 'assistant']);
    } finally {
      await line.close();
    }
  });

  test('takes documents by drop, shows how each fares, and deletes them after asking', async () => {
    const page = await signedIn('/documents');
    await drop(page, [
      { name: 'harbour.md', text: '# The harbour\n\nThe harbour of Vessau has 12 berths.' },
      { name: 'empty.txt', text: '' },
      { name: 'program.exe', text: 'MZ\u0000\u0001\u0002' },
    ]);
    const uploads = page.getByRole('region', { name: 'Uploads' });
    await expectVisible(uploads.getByRole('listitem').filter({ hasText: 'empty.txt' }).getByRole('alert'));
    const documents = page.getByRole('region', { name: 'Your documents' });
    const harbour = documents.getByRole('listitem').filter({ hasText: 'harbour' });
    await expectVisible(harbour.getByText(/ B · /));
    const program = documents.getByRole('listitem').filter({ hasText: 'program.exe' });
    await expectVisible(program.getByRole('button', { name: 'Try again' }));

    await harbour.getByRole('link').click();
    await expectVisible(page.getByText('The harbour of Vessau has 12 berths.'));
    await page.getByRole('link', { name: 'All documents' }).click();
    await program.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(() => program.count(), PATIENT).toBe(0);
    await expectVisible(harbour);
  });

  test('takes pasted text', async () => {
    const page = await signedIn('/documents');
    await page.getByRole('button', { name: 'Paste text' }).click();
    await page.getByLabel('Title').fill('Pasted tide table');
    await page.getByRole('textbox', { name: 'Text' }).fill('High water at Vessau comes at noon.');
    await page.getByRole('button', { name: 'Add document' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Pasted tide table' });
    await expectVisible(row.getByText(/ B · /));
  });

  test('renews the sign-in of two tabs at once without signing either out', async () => {
    const page = await newPage();
    const own = { ...storedCredentials(await logIn(address, credential)), expiresAt: 0 };
    await page.goto(`${address}/sign-in`);
    await page.evaluate(`localStorage['parley.credentials'] = ${JSON.stringify(JSON.stringify(own))}`);
    const other = await page.context().newPage();
    await Promise.all([page.goto(`${address}/documents`), other.goto(`${address}/documents`)]);
    await expectVisible(page.getByRole('link', { name: 'The lighthouse of Vessau' }));
    await expectVisible(other.getByRole('link', { name: 'The lighthouse of Vessau' }));
    // Had one of them spent the token twice, the whole login would be over now.
    const renewed = JSON.parse(String(await page.evaluate("localStorage['parley.credentials']")));
    expect(renewed.refreshToken).not.toBe(own.refreshToken);
    expect((await fetch(`${address}/v1/auth/me`, bearer(renewed.accessToken))).status).toBe(200);

    await page.evaluate(`localStorage['parley.credentials'] = ${JSON.stringify(JSON.stringify(own))}`);
    await page.reload();
    await expectVisible(page.getByText('Your sign-in has run out'));
  });

  test('is used with the keyboard alone', async () => {
    const page = await signedIn();
    await expect.poll(() => isFocused(page.getByLabel('Your question')), PATIENT).toBe(true);
    const turn = model.turn('How far is the light of Vessau seen?');
    await page.keyboard.type('How far is the light of Vessau seen?');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('In sea miles.');
    await page.keyboard.press('Enter');
    (await turn).say('It is seen from 19 sea miles away [1].');
    (await turn).end();
    const chip = answers(page).getByRole('button', { name: /^Source 1/ });
    await expectVisible(chip);
    expect(await answers(page).getByText('In sea miles.').textContent()).toBe(
      'How far is the light of Vessau seen?\nIn sea miles.',
    );
    await tabTo(page, chip, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expectVisible(page.getByRole('complementary', { name: 'Source' }).locator('mark'));
    await page.keyboard.press('Escape');
    await expect.poll(() => isFocused(chip), PATIENT).toBe(true);

    await page.goto(`${address}/documents`);
    await expectVisible(page.getByRole('heading', { name: 'Documents' }));
    await page.keyboard.press('Tab');
    await expect.poll(() => isFocused(page.getByRole('link', { name: 'Skip to content' })), PATIENT).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(() => isFocused(page.getByRole('main')), PATIENT).toBe(true);
  });

  test('answers again, asks otherwise, and goes between the versions with the keyboard', async () => {
    const page = await signedIn();
    const say = async (turn: ReturnType<PacedModel['turn']>, text: string) => {
      (await turn).say(text);
      (await turn).end();
      await expectVisible(answers(page).getByText(text));
    };
    const gone = (text: string) => expect.poll(() => answers(page).getByText(text).count(), PATIENT).toBe(0);
    const button = (name: string) => answers(page).getByRole('button', { name });
    const version = (name: string) => expectVisible(answers(page).getByRole('group', { name }));
    await say(ask(page, 'Describe the tower of Vessau'), 'It is white.');
    const again = model.turn('Describe the tower of Vessau');
    await button('Answer again').click();
    await gone('It is white.');
    await say(again, 'It is red.');
    await version('Version 2 of 2 of the answer');

    await button('Previous version of the answer').press('Enter');
    await expectVisible(answers(page).getByText('It is white.'));
    await gone('It is red.');
    // What was pressed is at its end: the focus is beside it.
    await expect.poll(() => isFocused(button('Next version of the answer')), PATIENT).toBe(true);
    await page.keyboard.press('Enter');
    await expectVisible(answers(page).getByText('It is red.'));

    await button('Edit the question').press('Enter');
    const words = page.getByRole('textbox', { name: 'The question' });
    expect(await words.inputValue()).toBe('Describe the tower of Vessau');
    await page.keyboard.press('Escape');
    await expect.poll(() => isFocused(button('Edit the question')), PATIENT).toBe(true);
    await page.keyboard.press('Enter');
    await words.fill('Describe the keeper of Vessau');
    const instead = model.turn('Describe the keeper of Vessau');
    await words.press('Enter');
    await say(instead, 'She was Ilse.');
    await gone('Describe the tower of Vessau');
    await version('Version 2 of 2 of the question');
    await button('Previous version of the question').press('Enter');
    await expectVisible(answers(page).getByText('It is red.'));
    await version('Version 1 of 2 of the question');
    await expectSound(page);
  });

  test('tells a screen reader the answer once, and not each token', async () => {
    const page = await signedIn();
    const spoken: string[] = [];
    await page.exposeFunction('heard', (words: string) => spoken.push(words));
    const turn = await ask(page, 'Say something long about the lighthouse of Vessau');
    await page.getByTestId('announcer').waitFor({ state: 'attached' });
    await page.evaluate(`new MutationObserver(() => heard(document.querySelector('[aria-live]').textContent))
      .observe(document.querySelector('[aria-live]'), { childList: true, characterData: true, subtree: true })`);
    for (const word of ['One ', 'two ', 'three ', 'four ', 'five.']) {
      turn.say(word);
      await expectVisible(answers(page).getByText(word.trim()));
    }
    turn.end();
    await expect.poll(() => spoken.at(-1), PATIENT).toBe('Answer: One two three four five.');
    expect(spoken.filter((words) => words.includes('One'))).toHaveLength(1);
  });

  test('renames and deletes chats', async () => {
    const { id } = await client.post<{ id: string }>('/v1/sessions', { title: 'Old name' });
    const page = await signedIn(`/sessions/${id}`);
    await page.getByRole('button', { name: 'Actions for Old name' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByLabel('Title').fill('New name');
    await page.keyboard.press('Enter');
    await expectVisible(page.getByRole('link', { name: 'New name' }));
    await page.getByRole('button', { name: 'Actions for New name' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(() => new URL(page.url()).pathname, PATIENT).toBe('/');
    await expect.poll(() => page.getByRole('link', { name: 'New name' }).count(), PATIENT).toBe(0);
  });

  test('says so when a chat or a page does not exist', async () => {
    const page = await signedIn('/sessions/0198c0de-0000-7000-8000-000000000000');
    await expectVisible(page.getByText('There is no session with this id.'));
  });

  // Each width and each theme: widths have no colours, themes no measures of their own.
  describe.each([
    ['wide, light', {}],
    ['phone, dark', { ...PHONE, colorScheme: 'dark' }],
  ] as [string, BrowserContextOptions][])('%s', (name, options) => {
    test('every page fits the screen and has no serious fault of accessibility', async () => {
      const question = `How tall is the lighthouse of Vessau, asked ${name}?`;
      // Colours are judged where they end, not half-way there.
      const page = await signedIn('/', { ...options, reducedMotion: 'reduce' });
      await expectVisible(page.getByRole('heading', { name: 'What would you like to know?' }));
      await expectSound(page);
      const turn = model.turn(question);
      await page.getByLabel('Your question').fill(question);
      await page.getByRole('button', { name: 'Send' }).click();
      (await turn).say(`It is 41 metres tall [1]. It has 7 floors [1].\n\n\`\`\`\n${'x'.repeat(300)}\n\`\`\`\n\n`);
      (await turn).say(`${'long'.repeat(80)}\n\n| a | b |\n|---|---|\n| ${'wide '.repeat(40)} | c |\n\nمنارة فيساو.`);
      (await turn).end();
      const chip = answers(page).getByRole('button', { name: /^Source 1/ });
      await expect.poll(() => chip.count(), PATIENT).toBeGreaterThan(1);
      await expectSound(page);
      await chip.first().click();
      await expectVisible(page.locator('mark'));
      await expectSound(page);
      await page.goto(`${address}/documents`);
      await expectVisible(page.getByRole('link', { name: 'The lighthouse of Vessau' }));
      await expectSound(page);
      const dark = (options.colorScheme ?? 'light') === 'dark';
      expect(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches')).toBe(dark);
      const [red = 0] =
        String(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
          .match(/\d+/g)
          ?.map(Number) ?? [];
      expect(red < 128).toBe(dark);
    });
  });
});

/** As `address()`, which only works inside a test. */
function served(parley: ParleyProcess): Promise<string> {
  return vi.waitFor(() => {
    const address = /Parley is at\s+(\S+)/.exec(parley.output())?.[1];
    if (address === undefined) throw new Error(`Parley has not served yet:\n${parley.output()}`);
    return address;
  }, START);
}
