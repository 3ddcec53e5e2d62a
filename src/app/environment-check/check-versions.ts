import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFolder } from '../project-folder.ts';
import { version } from '../version.ts';
import type { Finding } from './finding.ts';

/** What src/main.ts runs on; `bin/parley.js` hands over to it from Node 20 on. */
const LEAST_NODE = 24;

export async function checkVersions(): Promise<readonly Finding[]> {
  const major = Number(process.versions.node.split('.')[0]);
  return [
    { kind: 'ok', text: `Parley ${version}` },
    major >= LEAST_NODE
      ? { kind: 'ok', text: `Node ${process.versions.node}` }
      : {
          kind: 'fault',
          text: `Node ${process.versions.node} is too old: run npm ci, which brings Node ${LEAST_NODE}`,
        },
    ...(await checkPackages()),
  ];
}

/** Whether what is installed is what package.json names: an update without `npm ci` fails in strange ways. */
async function checkPackages(): Promise<Finding[]> {
  const read = async (path: string) => JSON.parse(await readFile(join(projectFolder, path), 'utf8'));
  const { dependencies } = (await read('package.json')) as { dependencies: Record<string, string> };
  const wrong: string[] = [];
  for (const [name, wanted] of Object.entries(dependencies)) {
    // Brings Node along where the machine has none that is new enough; the image has, and does without.
    if (name === 'node') continue;
    const installed = await read(join('node_modules', name, 'package.json')).catch(() => null);
    if (installed?.version !== wanted) wrong.push(`${name} ${installed?.version ?? 'is missing'} instead of ${wanted}`);
  }
  if (wrong.length === 0) return [{ kind: 'ok', text: `${Object.keys(dependencies).length} packages` }];
  return [{ kind: 'fault', text: `${wrong.join(', ')}: run npm ci` }];
}
