import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';

const FORMS: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{64}/],
  ['an AWS key', /\bAKIA[0-9A-Z]{16}\b/],
  ['a key of OpenAI or Anthropic', /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}/],
  ['a token of GitHub', /\bgh[pousr]_[A-Za-z0-9]{36}\b/],
  ['a token of Slack', /\bxox[abprs]-[0-9A-Za-z-]{20,}/],
  [
    'a password in a database address',
    /\bpostgres(?:ql)?:\/\/[^:/\s]+:(?![^@\s]*[<$…{*])[^@\s]{12,}@(?!localhost|127\.)/,
  ],
];
const SKIPPED = new Set(['node_modules', '.git', 'dist', 'coverage', 'data', 'secrets', 'test', 'fixtures']);
const TEXT = /\.(?:ts|tsx|js|json|ya?ml|md|sh|sql|toml|conf|service|env|txt)$|^(?:\.env.*|Dockerfile|Caddyfile)$/;
const LARGEST = 512 * 1024;

export const noSecretsInFiles: StaticCheck = {
  id: 'no-secrets-in-files',
  kind: 'static',
  category: 'security',
  weight: 'blocker',
  title: 'No file of the project or of its deployment has a secret in it',
  items: ['S1-14', 'S1-17', 'S1-106', 'S1-139', 'S3-139'],
  expected: `no ${FORMS.map(([what]) => what).join(', ')} outside of .env and of tests`,
  remedy:
    'rotate what is found: whoever saw the file has it; then keep it in a file of its own, Vault or AWS Secrets Manager',
  validDays: 7,
  run: async ({ projectFolder }, signal) => {
    const faults: string[] = [];
    let count = 0;
    for await (const path of filesBelow(projectFolder, '', signal)) {
      const full = join(projectFolder, path);
      if ((await stat(full)).size > LARGEST) continue;
      count += 1;
      const content = await readFile(full, 'utf8');
      for (const [what, form] of FORMS) if (form.test(content)) faults.push(`${path} has ${what}`);
    }
    return judge(faults, `nothing of the kind in ${count} files`);
  },
};

async function* filesBelow(root: string, folder: string, signal: AbortSignal): AsyncGenerator<string> {
  signal.throwIfAborted();
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* filesBelow(root, path, signal);
    // `.env` itself is where secrets of a machine may be; who may read it is asked elsewhere.
    else if (entry.isFile() && TEXT.test(entry.name) && entry.name !== '.env' && !entry.name.includes('.test.'))
      yield path;
  }
}
