/** Builds the console when dependencies are installed (npm's `prepare`), so that `npm ci && npm start` serves it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const vite = `${project}node_modules/vite/bin/vite.js`;

if (!existsSync(vite)) {
  console.log('The console is not built: Vite is a development dependency, and those were left out.');
} else {
  const { status } = spawnSync(process.execPath, [vite, 'build', 'console', '--logLevel', 'warn'], {
    cwd: project,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
