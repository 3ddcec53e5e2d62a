import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type CommandsInTurn, commandsInTurn } from '../support/commands-in-turn.ts';
import { testDatabases } from '../support/databases.ts';
import { type DocumentCommand, documentCommands, GROUPS, RUN_BY } from '../support/document-commands.ts';
import { type EmbeddingsServer, startEmbeddings } from '../support/embeddings-server.ts';
import { STORY } from '../support/story.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const commands = (await documentCommands()).map(({ text, ...rest }) => ({ ...rest, text: text.replace(/^npx /, '') }));

/** As a document writes a command → the arguments that are tried, in this order, and what comes of it. A named group is an
 * argument of later ones, LAST a file with what the last one said. */
type Trial = { as: RegExp; args: readonly string[]; says: RegExp };

/** What a person does at the machine of an installation with a PostgreSQL, from its first tenant to its last. */
const TRIALS: readonly Trial[] = [
  { as: /^parley env --example$/, args: ['env', '--example'], says: /^#?DATABASE_URL=/m },
  { as: /^parley tenant create NAME$/, args: ['tenant', 'create', 'Acme'], says: /^The tenant acme is made/ },
  { as: /^parley tenant create \| list/, args: ['tenant', 'list'], says: /^acme\tactive\tAcme$/m },
  {
    as: /^parley ingest FOLDER --tenant SLUG$/,
    args: ['ingest', 'FOLDER', '--tenant', 'acme'],
    says: /^1 read, 0 unch/,
  },
  { as: /suspend/, args: ['tenant', 'suspend', 'acme', '--reason', 'unpaid'], says: /^The tenant acme is suspended/ },
  { as: /resume/, args: ['tenant', 'resume', 'acme'], says: /^The tenant acme is active/ },
  {
    as: /^parley embeddings status$/,
    args: ['embeddings', 'status'],
    says: /^acme\tdocuments\t(?<EMBEDDER>\S+fake-small\S*)\tserving/m,
  },
  {
    as: /^parley embeddings serve <embedder>$/,
    args: ['embeddings', 'serve', 'EMBEDDER'],
    says: /^acme: searches use \S+fake-small/m,
  },
  { as: /^parley keys rotate$/, args: ['keys', 'rotate'], says: /\S/ },
  { as: /^parley keys rotate --overlap 0$/, args: ['keys', 'rotate', '--overlap', '0'], says: /\S/ },
  { as: /^parley secrets rotate$/, args: ['secrets', 'rotate'], says: /sealed with the newest key/ },
  { as: /^parley backup --tenant acme$/, args: ['backup', '--tenant', 'acme'], says: /^The backup \S+ is in / },
  { as: /^parley backup list$/, args: ['backup', 'list'], says: /^(?<BACKUP>\S+)\t0(\.0)? h old/ },
  { as: /^parley backup verify$/, args: ['backup', 'verify', 'BACKUP'], says: /of the tenant acme opens and is whole/ },
  {
    as: /^parley restore BACKUP --slug NAME$/,
    args: ['restore', 'BACKUP', '--slug', 'again'],
    says: /^The tenant again is restored: \d+ rows/m,
  },
  { as: /^parley tenant export/, args: ['tenant', 'export', 'acme', 'ARCHIVE'], says: /^The tenant acme is in / },
  {
    as: /import/,
    args: ['tenant', 'import', 'ARCHIVE', '--slug', 'third'],
    says: /^The tenant third is made of \d+ rows/,
  },
  {
    as: /^parley tenant delete SLUG --confirm SLUG$/,
    args: ['tenant', 'delete', 'acme', '--confirm', 'acme'],
    says: /"signature"/,
  },
  { as: /^parley receipt verify <file>$/, args: ['receipt', 'verify', 'LAST'], says: /^Genuine: / },
  { as: /^parley pitr forget$/, args: ['pitr', 'forget'], says: /What the journal names is deleted/ },
  {
    as: /^parley pitr configure$/,
    args: ['pitr', 'configure', 'PITR', '--cluster', '/var/lib/postgresql/15/main', '--repository', '/mnt/backup'],
    says: /pgbackrest/,
  },
];

/** Needs what no machine of tests has: an account at a provider. */
const WITH_A_PROVIDER = /^(OPENAI|OPENROUTER|ANTHROPIC)_API_KEY=… npm start$/;
/** Names that only look like commands. */
const NAMES = /^parley(:\/\/|\.memory)/;
/** Run by the shell: below, and in api-guide.test.ts. */
const BY_SHELL = /\bcurl\b|^bash deploy\/make-secrets\.sh$/;

test('every command of the documents is run by a test, or marked as one that needs something of your own', async () => {
  const others = commands.filter(
    ({ text, isMarked }) =>
      !isMarked &&
      ![GROUPS, WITH_A_PROVIDER, NAMES, BY_SHELL, ...TRIALS.map(({ as }) => as)].some((form) => form.test(text)),
  );
  const unrun: DocumentCommand[] = [];
  for (const command of others) {
    const [, path, words] = RUN_BY.find(([form]) => form.test(command.text)) ?? [];
    if (path === undefined || !(await readFile(join(ROOT, path), 'utf8')).includes(words ?? '')) unrun.push(command);
  }
  expect(unrun).toEqual([]);
  const unwritten = TRIALS.filter(({ as }) => !commands.some(({ text }) => as.test(text)));
  expect(unwritten.map(({ as }) => as.source)).toEqual([]);
});

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'at the machine of an installation',
  STORY,
  ({ open }) => {
    let folder: string;
    let embeddings: EmbeddingsServer;
    let driver: CommandsInTurn;
    let close: () => Promise<void>;
    const places: Record<string, string> = {};

    beforeAll(async () => {
      const database = await open();
      close = database.close;
      folder = await mkdtemp(join(tmpdir(), 'parley-commands-'));
      embeddings = await startEmbeddings();
      for (const name of ['FOLDER', 'ARCHIVE', 'LAST', 'PITR']) places[name] = join(folder, name.toLowerCase());
      await mkdir(join(folder, 'folder'));
      await writeFile(join(folder, 'folder', 'turbine.md'), '# Zephyr\n\nThe Zephyr turbine produces 42 megawatts.\n');
      driver = commandsInTurn({
        DATABASE_URL: database.url ?? '',
        SECRET_KEY: 'a secret of the tests, forty characters long',
        DATA_DIR: join(folder, 'data'),
        BACKUP_STORAGE: join(folder, 'backups'),
        EMBEDDING_MODEL: 'local/fake-small',
        UNPRICED_MODELS: 'allow',
        // On a busy machine a connection may take its time.
        DATABASE_POOL_TIMEOUT_MS: '60000',
        EMBEDDING_BASE_URL: embeddings.url,
      });
    }, 240_000);
    afterAll(async () => {
      await driver[Symbol.asyncDispose]();
      await embeddings.stop();
      await close();
      await rm(folder, { recursive: true });
    });

    const parley = (args: readonly string[]) => driver.run(args.map((each) => places[each] ?? each));

    test('its commands do what the documents say, one after another', { timeout: 240_000 }, async () => {
      for (const { args, says } of TRIALS) {
        const { code, out, err } = await parley(args);
        const told = `parley ${args.join(' ')}: ${code}\n${out}${err}`;
        expect(out, told).toMatch(says);
        expect(code, told).toBe(0);
        if (args[1] === 'status') places.EMBEDDER = /^acme\tdocuments\t(\S+)/m.exec(out)?.[1] ?? '';
        if (args[1] === 'list' && args[0] === 'backup') places.BACKUP = /^\S+/.exec(out)?.[0] ?? '';
        await writeFile(places.LAST ?? '', out);
      }
      expect((await readdir(places.PITR ?? '')).sort()).toEqual(['cron', 'pgbackrest.conf', 'postgresql.conf']);
      const { code, err } = await parley(['tenant', 'suspend', 'acme', '--reason', 'gone']);
      expect([code, err]).toEqual([1, expect.stringContaining('There is no tenant "acme"')]);
    });
  },
);

test('the secrets that compose wants are made once, and never changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-make-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await copyFile(join(ROOT, 'deploy/make-secrets.sh'), join(folder, 'make-secrets.sh'));
  const made = async () => {
    await run('bash', [join(folder, 'make-secrets.sh')]);
    const names = (await readdir(join(folder, 'secrets'))).sort();
    return Promise.all(names.map(async (name) => [name, await readFile(join(folder, 'secrets', name), 'utf8')]));
  };
  const first = await made();
  expect(first.map(([name]) => name)).toEqual([
    'database_url',
    'postgres_password',
    'postgres_superuser_password',
    'redis_password',
    'redis_url',
    'secret_key',
  ]);
  for (const [, text] of first) expect(text?.length).toBeGreaterThanOrEqual(48);
  expect(await made()).toEqual(first);
});
