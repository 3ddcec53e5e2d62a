import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A command that a document for users or operators gives. */
export type DocumentCommand = { document: string; text: string; isMarked: boolean };

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENTS = ['README.md', 'docs/api-guide.md', 'docs/chatkit.md', 'docs/product/*.md', 'docs/operate/*.md'];
const PROGRAMS = /^(?:[A-Z_]+=\S+ )*(?:npx parley|parley|npm|node|curl|bash|docker|kubectl|systemctl|journalctl)\b/;
/** Says that a command needs a machine or service of one's own. */
const MARK = '†';

/** All commands of all documents; those with `curl` by the block, since each needs what those before it found. */
export async function documentCommands(): Promise<DocumentCommand[]> {
  const names = await Array.fromAsync(glob(DOCUMENTS, { cwd: ROOT }));
  const found = await Promise.all(
    names.sort().map(async (document) => commandsIn(await readFile(join(ROOT, document), 'utf8'), document)),
  );
  return found.flat();
}

function commandsIn(text: string, document: string): DocumentCommand[] {
  const found: DocumentCommand[] = [];
  const add = (command: string, line: string) => {
    const bare = command.replace(/\s+#.*$/, '').trim();
    if (PROGRAMS.test(bare)) found.push({ document, text: bare, isMarked: line.includes(MARK) });
  };
  for (const [, block = ''] of text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)) {
    if (/^[^#\n]*\bcurl\b/m.test(block)) found.push({ document, text: block, isMarked: block.includes(MARK) });
    else for (const line of block.split('\n')) add(line, line);
  }
  for (const line of text.replaceAll(/^```[\s\S]*?^```$/gm, '').split('\n')) {
    for (const [, span = ''] of line.matchAll(/`([^`]+)`/g)) add(span, line);
  }
  return found;
}

/**
 * Where a command is run: by a test with these words in it, its arguments being what a person writes there. Everything else is
 * run by test/acceptance/document-commands.test.ts, or marked in its document.
 */
export const RUN_BY: readonly (readonly [command: RegExp, test: string, words: string])[] = [
  [/^npm ci && npm start$|^(PORT=9000 )?npm start$/, 'test/acceptance/newcomer.test.ts', 'start({}, [...NPM_START])'],
  [
    /^OPENAI_BASE_URL=\S+ DEFAULT_MODEL=\S+ UNPRICED_MODELS=allow npm start$/,
    'test/acceptance/crash.test.ts',
    'OPENAI_BASE_URL',
  ],
  [/^OTEL_EXPORTER_OTLP_ENDPOINT=\S+ npm start$/, 'test/acceptance/telemetry.test.ts', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  [/^(npm ci && )?npm test$|^npm ci$/, '.ci/run', 'npm ci && npm test'],
  [/^npm run check:image$/, '.github/workflows/ci.yml', 'npm run check:image'],
  [/^parley (serve|worker)$/, 'test/acceptance/scale.test.ts', "'worker'"],
  [/^parley migrate( up)?$/, 'test/acceptance/command-line.test.ts', "['migrate', 'up']"],
  [/^parley migrate status$/, 'test/acceptance/command-line.test.ts', "['migrate', 'status']"],
  [/^parley migrate tenant \w+$/, 'test/acceptance/command-line.test.ts', "['migrate', 'tenant', 'acme']"],
  [/^parley migrate down --schema \w+$/, 'test/acceptance/command-line.test.ts', "['migrate', 'down', '--schema'"],
  [/^parley migrate down( --to( NUMBER)?)?$/, 'test/acceptance/upgrade.test.ts', "'migrate', 'down', '--to'"],
  [/^parley ask( ".*" --docs \S+)?$/, 'test/acceptance/command-line.test.ts', "['ask', question, '--docs', folder"],
  [/^parley assess$/, 'test/acceptance/code-analysis.test.ts', "runParley(['assess', code]"],
  [/^parley reset-password \S+$/, 'test/acceptance/command-line.test.ts', "['reset-password', lost.email]"],
  [/^parley env$/, 'test/acceptance/command-line.test.ts', "['env']"],
  [/^parley usage( --tenant acme)?$/, 'test/acceptance/command-line.test.ts', "['usage', '--tenant', 'acme']"],
  [
    /^parley tenant key acme openai < key.txt$/,
    'test/acceptance/command-line.test.ts',
    "['tenant', 'key', 'acme', 'openai']",
  ],
  [/^parley backup( --verify)?$/, 'test/acceptance/backup.test.ts', "['backup', '--verify']"],
  [/^parley restore latest$/, 'test/acceptance/backup.test.ts', "['restore', 'latest']"],
  [/^parley promote$/, 'test/acceptance/backup.test.ts', "['promote']"],
  [
    /^parley readiness( --drills.*| --url .*| --since 24h| --only \S+)?$/,
    'test/acceptance/readiness.test.ts',
    "'--drills', ...only, '--since'",
  ],
  [
    /^parley readiness (list|verify|catalogue|show latest --format markdown|diff \w+ \w+)$/,
    'test/acceptance/readiness.test.ts',
    "readiness('diff'",
  ],
  [/^parley readiness --waivers waivers.json$/, 'test/acceptance/readiness.test.ts', "'--waivers'"],
];

/** Names of groups of commands, as sentences use them. */
export const GROUPS = /^parley (pitr|embeddings|tenant( …| create \|.*)?)$|^(curl|node --cpu-prof)$/;
