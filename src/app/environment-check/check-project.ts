import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOwnMigrations } from '../../platform/database/migrations/installation.ts';
import { projectFolder } from '../project-folder.ts';
import type { Finding } from './finding.ts';

const NEEDED = ['package.json', 'bin/parley.js', 'src/main.ts', 'migrations', 'docs/product'];
const CONSOLE = 'console/dist/index.html';

export async function checkProject(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const path of NEEDED) {
    if (!(await isThere(path)))
      findings.push({ kind: 'fault', text: `${path} is missing: the installation is not whole` });
  }
  if (findings.length === 0) findings.push({ kind: 'ok', text: projectFolder });
  const migrations = await loadOwnMigrations().catch((error: Error) => error);
  if (migrations instanceof Error) findings.push({ kind: 'fault', text: migrations.message });
  else findings.push({ kind: 'ok', text: `${migrations.length} migrations` });
  if (!(await isThere(CONSOLE))) findings.push({ kind: 'warning', text: 'the console is not built: run npm ci' });
  return findings;
}

async function isThere(path: string): Promise<boolean> {
  return access(join(projectFolder, path)).then(
    () => true,
    () => false,
  );
}
