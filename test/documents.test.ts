import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import type { Setting } from '../src/app/setting.ts';
import { settings } from '../src/app/settings.ts';
import { runFaults } from '../src/features/chat/chat.errors.ts';
import { analysisFaults } from '../src/features/code/code.errors.ts';
import { errorTable } from '../src/platform/http/errors.ts';
// Every room that defines errors is loaded with it.
import '../src/app/server.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFile(join(root, path), 'utf8');
const names = await Array.fromAsync(
  glob(['*.md', 'docs/api-guide.md', 'docs/product/*.md', 'docs/operate/*.md'], { cwd: root }),
);
const documents = await Promise.all(names.sort().map(async (name) => ({ name, text: await read(name) })));

/** Whatever stands in code. */
function codeIn(text: string): string {
  return [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(([, block, span]) => block ?? span).join('\n');
}

const known = Object.values<Setting<unknown>>(settings).flatMap(({ env, aliases = [] }) => [env, ...aliases]);
/** Names in capitals that are no settings of the program: shell variables, placeholders, SQL, settings of tools. */
const OTHER_NAMES =
  /^(TOKEN|SESSION|FOLDER|SLUG|NAME|PASSWORD|THE|GET|POST|DELETE|PATCH|PUT|CI|TEST_DATABASE_URL|NOTIFY|WHERE|SET|LOCAL|ROLE|SKIP|LOCKED|README|GLOSSARY|CHANGELOG|ARCHITECTURE|CONTRIBUTING|SECURITY|NNNN_\w*|CREATEROLE|RATE_LIMIT_|DOCUMENT|EMAIL|BACKUP|RPO|RTO|FUZZ_REQUESTS|UPGRADE_FROM|UPGRADE_STREAMS|MANY_TENANTS|MIGRATION_|TRY_AGAIN|CREATE|INDEX|CONCURRENTLY|NUMBER)$/;
/** As the sources write them, `:id` as documents write it. */
const routes = new Set<string>();
for await (const path of glob('src/**/*.ts', { cwd: root })) {
  if (path.endsWith('.test.ts')) continue;
  for (const [, route] of (await read(path)).matchAll(/'(\/[\w/:*.-]*)'/g))
    routes.add(String(route).replace(/:(\w+)/g, '{$1}'));
}
const commands = [...(await read('src/app/command-line.ts')).matchAll(/command\('([\w-]+)/g)].map(([, name]) => name);

describe.each(documents)('$name', ({ name, text }) => {
  const code = codeIn(text);

  test('names settings that there are', () => {
    const named = [...code.matchAll(/(?<![\w/<{.])[A-Z][A-Z_]*_[A-Z_]+(?![\w>])/g)].map(([name]) => name);
    const unknown = named.filter(
      (name) => !known.includes(name) && !OTHER_NAMES.test(name) && !name.startsWith('ERR_'),
    );
    expect(unknown).toEqual([]);
  });

  test('names addresses that there are', () => {
    const named = [...code.matchAll(/(?:GET|POST|PATCH|DELETE|localhost:8000)\s?(\/[\w/{}$.-]+)/g)].map(([, path]) =>
      String(path),
    );
    const unknown = named
      .map((path) => path.replace(/\$\w+/g, '{id}'))
      .filter((path) => path !== '/v1' && !routes.has(path));
    expect(unknown).toEqual([]);
  });

  test('names commands and scripts that there are', () => {
    const parley = [...code.matchAll(/(?:^|npx )parley ([a-z-]+)/gm)].map(([, name]) => String(name));
    const scripts = [...code.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => String(name));
    expect(parley.filter((name) => !commands.includes(name))).toEqual([]);
    expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
  });

  test('names error codes that there are', () => {
    const told = [...errorTable(), ...Object.values(runFaults)].map(({ code: one }) => one);
    const codes = new Set([...told, ...Object.values(analysisFaults)]);
    const named = [...text.matchAll(/ERR_[A-Z]+_\d{3}/g)].map(([name]) => name);
    expect(named.filter((name) => !codes.has(name))).toEqual([]);
  });

  test('links to files that there are', async () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const path = join(dirname(name), String(target));
      await expect(Array.fromAsync(glob(path, { cwd: root })), target).resolves.toHaveLength(1);
    }
  });
});
