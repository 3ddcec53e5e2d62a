import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine, or undefined where it has none. */
export const chromiumPath = PLACES.find((path) => existsSync(path));

/** Without these it looks up its maker's hosts at every start, which a closed network refuses one by one. */
const QUIET = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('No Chromium here: scripts/test-setup.sh installs it.');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [...QUIET, '--disable-sync', '--no-sandbox', '--disable-gpu'],
  });
}
