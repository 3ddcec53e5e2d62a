#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: it hands over to the Node 24 that this project pins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = new URL('..', import.meta.url);
const program = fileURLToPath(new URL('src/main.ts', project));
const pinned = fileURLToPath(new URL('node_modules/.bin/node', project));
const leastMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= leastMajor) {
  await import(program);
} else if (existsSync(pinned)) {
  const child = spawn(pinned, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
} else {
  process.stderr.write(
    `Parley needs Node ${leastMajor}, which it brings along: run "npm ci" in ${fileURLToPath(project)} first.\n`,
  );
  process.exit(1);
}
