import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine, or undefined where it has none. */
export const chromiumPath = PLACES.find((path) => existsSync(path));

/** Without these it looks up its maker's hosts at every start, which a closed network refuses one by one. */
const QUIET = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

const BUILT = fileURLToPath(new URL('../dist/index.html', import.meta.url));

/** For tests of the built console. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('No Chromium here: scripts/test-setup.sh installs it.');
  // Without it every page would be waited for in vain.
  if (!existsSync(BUILT)) throw new Error('The console is not built: `bash scripts/test-setup.sh` builds it.');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [...QUIET, '--disable-sync', '--no-sandbox', '--disable-gpu'],
  });
}
