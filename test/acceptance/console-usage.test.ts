import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import { expectSound, expectVisible, type Login, logIn, storedCredentials } from '../../console/test/console-page.ts';
import { KeptWindows } from '../../console/test/kept-windows.ts';
import { type PacedModel, pacedModel } from '../../console/test/paced-model.ts';
import { ApiClient } from '../support/api-client.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const PRICE = { model: 'openai/paced', input: 1_000, output: 2_000, context_window: 100_000, max_output: 100 };

describe.skipIf(chromiumPath === undefined)('the console’s page on usage', { timeout: 240_000 }, () => {
  let folder: string;
  let parley: ParleyProcess;
  let address: string;
  let login: Login;
  let model: PacedModel;
  let browser: Browser;
  let windows: KeptWindows;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-usage-'));
    const prices = join(folder, 'prices.json');
    await writeFile(prices, JSON.stringify([PRICE]));
    [model, browser] = await Promise.all([pacedModel(), launchChromium()]);
    const credential = await installInto(join(folder, 'data'));
    parley = startParley({
      ...RAISED_LIMITS,
      DATA_DIR: join(folder, 'data'),
      OPENAI_BASE_URL: model.baseUrl,
      DEFAULT_MODEL: 'openai/paced',
      PRICES_FILE: prices,
      UNPRICED_MODELS: 'refuse',
      // What one call may cost at these prices.
      TENANT_BUDGET_USD_PER_DAY: '20',
    });
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
    const client = await ApiClient.login(address, credential);
    const session = await client.post<{ id: string }>('/v1/sessions', { title: 'A costly talk' });
    const input = 'What does this cost?';
    const turn = model.turn(input);
    await client.post(`/v1/sessions/${session.id}/runs`, { input, retrieval: { mode: 'off' } });
    (await turn).say('x'.repeat(200));
    (await turn).end();
    await vi.waitFor(
      async () => {
        const { total } = await client.get<{ total: { cost_usd: number } }>('/v1/usage');
        expect(total.cost_usd).toBeGreaterThan(0.1);
      },
      { timeout: 120_000, interval: 200 },
    );
  }, 240_000);

  afterEach(() => windows.closePages());
  afterAll(async () => {
    await browser?.close();
    await parley?.stop();
    await model?.close();
    await rm(folder, { recursive: true });
  });

  async function openUsage(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await windows.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const stored = JSON.stringify(storedCredentials(login));
    await page.addInitScript(`localStorage['parley.credentials'] ??= ${JSON.stringify(stored)}`);
    await page.goto(`${address}/usage`);
    await expectVisible(page.getByRole('heading', { name: 'Usage' }));
    return page;
  }

  test('shows what was spent, by day and by model, beside the budget, and the latest chats', async () => {
    const page = await openUsage();
    await expectVisible(page.getByRole('row', { name: /openai\/paced 1 / }));
    expect(await page.getByRole('definition').first().textContent()).toMatch(/^\$0\.[1-9]\d$/);
    await expectVisible(page.getByText(/\$0\.\d\d of \$20\.00 spent/));
    await expectVisible(page.getByRole('link', { name: 'A costly talk' }));
    const today = new Date().toISOString().slice(0, 10);
    expect(
      await page.getByRole('table', { name: 'Cost by day' }).getByRole('row', { name: today }).textContent(),
    ).toMatch(/\$0\.[1-9]/);
  });

  test('lets an admin set, change and lift a budget', async () => {
    const page = await openUsage();
    await page.getByRole('button', { name: 'Set a budget' }).click();
    await page.getByLabel('For', { exact: true }).selectOption('user');
    await page.getByLabel('US dollars').fill('1.5');
    await page.getByRole('button', { name: 'Save' }).click();
    await expectVisible(page.getByText('$1.50 each'));
    await page.getByRole('button', { name: 'Change: Each user, a day' }).click();
    await page.getByLabel('US dollars').fill('2');
    await page.getByRole('button', { name: 'Save' }).click();
    await expectVisible(page.getByText('$2.00 each'));
    await page.getByRole('button', { name: 'Lift: Each user, a day' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
    await expect.poll(() => page.getByText('$2.00 each').count(), { timeout: 60_000 }).toBe(0);
  });

  test.each<[string, BrowserContextOptions]>([
    ['wide', {}],
    ['phone, dark', { ...PHONE, colorScheme: 'dark' }],
  ])('is sound: %s', async (name, options) => {
    const page = await openUsage(options);
    await expectVisible(page.getByRole('row', { name: /openai\/paced/ }));
    await expectVisible(page.getByText(/of \$20\.00 spent/));
    await expectSound(page);
    // To look at: SCREENSHOTS=/tmp/shots npx vitest run console-usage
    const shots = process.env.SCREENSHOTS;
    if (shots) await page.screenshot({ path: join(shots, `usage-${name.replaceAll(/\W+/g, '-')}.png`) });
  });
});
