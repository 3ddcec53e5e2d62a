import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.ts';
import { printedCredential } from '../../test/support/parley-process.ts';
import { IMAGE, podman } from './podman.ts';
import { must, type Step, until } from './step.ts';
import { askAbout, type Credential, isReady } from './user.ts';

const NAME = 'parley-check';
const VOLUME = 'parley-check-data';
/** What the image's documents ask for: nothing to write but /data and /tmp, no rights, 2 processors, 2 GB. */
const HARDENED = [
  '--read-only',
  '--tmpfs',
  '/tmp',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--network',
  'host',
  '--memory',
  '2g',
  '--cpus',
  '2',
];

/** What a process inside finds that tries to do what it may not. */
const BURGLAR = `
const { readFileSync, writeFileSync } = require('node:fs');
const status = readFileSync('/proc/1/status', 'utf8');
const write = (path) => { try { writeFileSync(path, 'x'); return 'written'; } catch ({ code }) { return code; } };
console.log(JSON.stringify({
  uid: process.getuid(),
  capabilities: /CapEff:\\s+(\\S+)/.exec(status)[1],
  noNewPrivileges: /NoNewPrivs:\\s+(\\d)/.exec(status)[1],
  program: write('/app/src/main.ts'), system: write('/etc/passwd'), data: write('/data/probe'), scratch: write('/tmp/probe'),
}));`;

/** The image with its own database, as one container. */
export async function checkContainer(step: Step): Promise<void> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const settings = ['--env', `PORT=${port}`, '--env', `SECRET_KEY=${randomBytes(36).toString('base64url')}`];
  const start = () =>
    podman('run', '--detach', '--name', NAME, ...HARDENED, '--volume', `${VOLUME}:/data`, ...settings, IMAGE);
  await remove();
  try {
    await step('it starts with a read-only root and no capability, and is ready', async () => {
      await start();
      await until('ready', 120, () => isReady(address));
    });
    await step('who breaks in may write its data and nothing else', async () => {
      const found = JSON.parse(await podman('exec', NAME, 'node', '-e', BURGLAR)) as unknown;
      const expected = {
        uid: 1000,
        capabilities: '0000000000000000',
        noNewPrivileges: '1',
        program: 'EROFS',
        system: 'EROFS',
        data: 'written',
        scratch: 'written',
      };
      must(JSON.stringify(found) === JSON.stringify(expected), `found ${JSON.stringify(found)}`);
    });
    await step('its own health check passes', () => podman('healthcheck', 'run', NAME));
    await step('`parley env` in it finds nothing wrong', () => podman('exec', NAME, 'node', 'bin/parley.js', 'env'));
    const credential = await step(
      'who has the credential of its log asks, and is answered with a citation',
      async () => {
        const printed = printedCredential(await podman('logs', NAME));
        await until('answered with a citation', 60, () => askAbout(address, printed));
        return printed;
      },
    );
    await step('it ends on a signal, with exit code 0', () => stop());
    await step('another on the same volume knows its users', () => startAgain(start, address, credential));
    await stop();
  } catch (error) {
    process.stdout.write(await podman('logs', '--tail', '30', NAME).catch(() => ''));
    throw error;
  } finally {
    await remove();
  }
}

async function startAgain(start: () => Promise<string>, address: string, credential: Credential): Promise<void> {
  await podman('rm', NAME);
  await start();
  await until('ready', 120, () => isReady(address));
  must(await askAbout(address, credential), 'no answer with a citation');
}

async function stop(): Promise<void> {
  await podman('stop', '--time', '40', NAME);
  const code = (await podman('wait', NAME)).trim();
  must(code === '0', `it ended with ${code}`);
}

async function remove(): Promise<void> {
  await podman('rm', '--force', '--ignore', NAME);
  await podman('volume', 'rm', '--force', VOLUME).catch(() => wait(0));
}
