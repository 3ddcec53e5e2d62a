import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../console/test/chromium.ts';
import { expectSound, expectVisible } from '../../console/test/console-page.ts';
import { stepAt, totpCode } from '../../src/features/identity/second-factor/totp.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const PASSWORD = 'correct horse battery';
const PATIENT = { timeout: 180_000 };

/** What a person does with an account, from beginning to end, with the mails that come. */
describe.skipIf(chromiumPath === undefined)('an account in the console', { timeout: 240_000 }, () => {
  let dataDir: string;
  let parley: ParleyProcess;
  let address: string;
  let browser: Browser;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-identity-'));
    await installInto(dataDir);
    parley = startParley({ ...RAISED_LIMITS, DATA_DIR: dataDir });
    address = await vi.waitFor(
      () => {
        const found = /Parley is at\s+(\S+)/.exec(parley.output())?.[1];
        if (found === undefined) throw new Error(`Parley has not served yet:\n${parley.output()}`);
        return found;
      },
      { timeout: 150_000, interval: 100 },
    );
  }, 240_000);
  afterAll(async () => {
    await parley?.stop();
    await rm(dataDir, { recursive: true });
  });
  // A browser that shows nothing is not asked again.
  beforeEach(async () => {
    browser = await launchChromium();
  });
  afterEach(() => browser.close());

  async function newPage(width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    context.setDefaultTimeout(30_000);
    return context.newPage();
  }

  /** The link of the newest mail to somebody whose subject has these words; on this server, whatever its public address. */
  async function linkIn(to: string, subject: string): Promise<string> {
    let found: string | undefined;
    const look = async () => {
      const folder = join(dataDir, 'mail');
      const names = (await readdir(folder).catch(() => [])).sort();
      for (const name of names) {
        const text = await readFile(join(folder, name), 'utf8');
        const link = /https?:\/\/[^\s/]+(\/\S*#token=\S+)/.exec(text)?.[1];
        if (text.includes(to) && text.includes(subject) && link) found = address + link;
      }
      return found;
    };
    await expect.poll(look, PATIENT).toBeDefined();
    return found as string;
  }

  /** To look at: SCREENSHOTS=/tmp/shots npx vitest run console-identity */
  async function show(page: Page, name: string): Promise<void> {
    const shots = process.env.SCREENSHOTS;
    if (!shots) return;
    await page.screenshot({ path: join(shots, `identity-${name}-wide.png`), fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(shots, `identity-${name}-narrow.png`), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  async function signIn(page: Page, email: string, password: string): Promise<void> {
    await page.goto(`${address}/sign-in`);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  test('is made, verified, given another address and a new password, guarded by a second factor, and invites somebody', async () => {
    const page = await newPage();
    await page.goto(`${address}/register`);
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expectVisible(page.getByRole('button', { name: /^Account/ }));
    await page.goto(await linkIn('ada@example.com', 'Verify your e-mail address'));
    await page.getByRole('button', { name: 'This address is mine' }).click();
    await expectVisible(page.getByText('Your address is verified.'));

    await page.goto(`${address}/account`);
    const email = page.getByRole('region', { name: 'Email address' });
    await email.getByLabel('New email address').fill('ada@analytical.example');
    await email.getByLabel('Your password', { exact: true }).fill(PASSWORD);
    await email.getByRole('button', { name: 'Send the link' }).click();
    await expectVisible(page.getByText('The link is on its way to ada@analytical.example.'));
    await expectSound(page);
    await show(page, 'account');
    await page.goto(await linkIn('ada@analytical.example', 'Verify your new e-mail address'));
    await page.getByRole('button', { name: 'This address is mine' }).click();
    await expectVisible(page.getByText('Your address is verified.'));

    const forgetful = await newPage();
    await forgetful.goto(`${address}/forgot-password`);
    await forgetful.getByLabel('Email').fill('ada@analytical.example');
    await forgetful.getByRole('button', { name: 'Send the link' }).click();
    await forgetful.goto(await linkIn('ada@analytical.example', 'Reset your password'));
    await forgetful.getByLabel('New password', { exact: true }).fill('another horse battery');
    await forgetful.getByRole('button', { name: 'Change password' }).click();
    await expectVisible(forgetful.getByText('Your password is changed.'));
    await signIn(forgetful, 'ada@analytical.example', 'another horse battery');
    await expectVisible(forgetful.getByRole('button', { name: /^Account/ }));

    await forgetful.goto(`${address}/account`);
    const factor = forgetful.getByRole('region', { name: 'Second factor' });
    await factor.getByLabel('Your password', { exact: true }).fill('another horse battery');
    await factor.getByRole('button', { name: 'Set up' }).click();
    const key = (await forgetful.getByText('Or type this key:').locator('code').textContent()) ?? '';
    await show(forgetful, 'second-factor');
    await forgetful.getByLabel('Code of your authenticator').fill(totpCode(bytesOf(key), stepAt(new Date())));
    await forgetful.getByRole('button', { name: 'Turn on' }).click();
    await expectVisible(forgetful.getByText('Keep these codes.'));
    const codes = forgetful.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
    const recovery = (await codes.first().textContent()) ?? '';

    const second = await newPage();
    await signIn(second, 'ada@analytical.example', 'another horse battery');
    await expectVisible(second.getByRole('heading', { name: 'Second factor' }));
    await second.getByLabel('Code', { exact: true }).fill(recovery);
    await second.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expectVisible(second.getByRole('button', { name: /^Account/ }));

    await second.goto(`${address}/members`);
    await second.getByLabel('Email').fill('grace@example.com');
    await second.getByRole('button', { name: 'Invite' }).click();
    await expectVisible(second.getByText('grace@example.com is invited.'));
    await show(second, 'members');
    const guest = await newPage();
    await guest.goto(await linkIn('grace@example.com', 'You are invited'));
    await guest.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await show(guest, 'invitation');
    await guest.getByRole('button', { name: 'Join' }).click();
    await expectVisible(guest.getByRole('button', { name: /^Account/ }));
    await second.reload();
    await expectVisible(second.getByText('grace@example.com').first());
  });
});

/** What an authenticator makes of the key that a person types. */
function bytesOf(key: string): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...key.replaceAll(/\s+/g, '')].map((one) => letters.indexOf(one).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}
