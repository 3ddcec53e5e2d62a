import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient, type StreamedEvent } from '../support/api-client.ts';
import { testDatabases } from '../support/databases.ts';
import {
  installInto,
  NPM_START,
  type ParleyProcess,
  printedCredential,
  startParley,
} from '../support/parley-process.ts';
import { STORY } from '../support/story.ts';

/** What somebody meets who has just cloned the repository: nothing is configured, no server, no key. */
describe('a newcomer', { timeout: 240_000 }, () => {
  const started: ParleyProcess[] = [];
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-newcomer-'));
  });

  afterEach(async () => {
    for (const parley of started.splice(0)) await parley.stop();
    await chmod(dataDir, 0o700);
    await rm(dataDir, { recursive: true });
  });

  function start(settings: Record<string, string> = {}, ...command: [] | [[string, ...string[]]]): ParleyProcess {
    const parley = startParley({ DATA_DIR: dataDir, ...settings }, ...command);
    started.push(parley);
    return parley;
  }

  async function statusOf(address: string, path: string): Promise<number> {
    return (await fetch(address + path, { signal: AbortSignal.timeout(60_000) })).status;
  }

  test('starts it with npm start, asks about a document of their own, and finds everything after a restart', async () => {
    const first = start({}, [...NPM_START]);
    const address = await first.address();
    await expect.poll(() => statusOf(address, '/ready'), { timeout: 60_000 }).toBe(200);
    const credential = printedCredential(first.output());
    const client = await ApiClient.login(address, credential);
    const documentId = await addLighthouse(client);
    const session = await client.post<{ id: string }>('/v1/sessions', {});
    const events = await client.ask(session.id, 'How tall is the lighthouse of Vessau?');
    expectAnswer(events, '43 metres', documentId);

    const ended = await first.stop();
    expect(ended.code, first.output()).toBe(0);

    const second = start();
    const again = await ApiClient.login(await second.address(), credential);
    expect(second.output()).not.toContain('password');
    const messages = await again.get<Page<{ role: string; content: string }>>(`/v1/sessions/${session.id}/messages`);
    expect(messages.data.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(messages.data[1]?.content).toBe(textOf(events));
    const later = await again.ask(session.id, 'In which year was the lighthouse of Vessau built?');
    expectAnswer(later, '1887', documentId);
  });

  const servers = testDatabases().filter(({ kind }) => kind === 'server');
  test.each(servers)('on a PostgreSQL $kind is told how to migrate it, and then asks as well', async ({ open }) => {
    const { database, url, close } = await open();
    onTestFinished(close);
    const settings = { DATABASE_URL: url ?? '' };
    await sql`DROP SCHEMA platform CASCADE`.execute(database.db);
    const early = start(settings);
    expect((await early.ended).code).not.toBe(0);
    expect(early.output()).not.toMatch(STACK);
    const [, advice = ''] = /Run: (.+)/.exec(early.output()) ?? [];
    const migration = start(settings, ['sh', '-c', advice]);
    expect((await migration.ended).code, migration.output()).toBe(0);

    const parley = start(settings);
    const address = await parley.address();
    const client = await ApiClient.login(address, printedCredential(parley.output()));
    const documentId = await addLighthouse(client);
    const session = await client.post<{ id: string }>('/v1/sessions', {});
    expectAnswer(await client.ask(session.id, 'How tall is the lighthouse of Vessau?'), '43 metres', documentId);
    await parley.stop();
  });

  describe('with a server that runs', STORY, () => {
    let folder: string;
    let first: ParleyProcess;
    let address: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'parley-newcomer-'));
      await installInto(folder);
      first = startParley({ DATA_DIR: folder, LOG_LEVEL: 'debug' });
      address = await first.address();
    }, 240_000);
    afterAll(async () => {
      await first?.stop();
      await rm(folder, { recursive: true });
    });

    test('who starts it twice on the same data is told so, and the first goes on', async () => {
      const second = start({ DATA_DIR: folder });
      expect((await second.ended).code).not.toBe(0);
      expect(second.output()).toContain(folder);
      expect(second.output()).toMatch(/in use|already/i);
      expect(second.output()).not.toMatch(STACK);
      expect(await statusOf(address, '/ready')).toBe(200);
    });

    test('whose terminal is gone still has a server that answers, and ends when told to', async () => {
      first.deafen();
      // Each is logged, or would be.
      for (let request = 0; request < 5; request += 1) expect(await statusOf(address, '/v1/auth/me')).toBe(401);
      expect(await first.stop()).toEqual({ code: 0 });
    });
  });

  test('whose port is taken is told which, and what to set', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const parley = start({ PORT: String(port) });
    expect((await parley.ended).code).not.toBe(0);
    expect(parley.output()).toContain(`Port ${port}`);
    expect(parley.output()).toContain('PORT');
    // It is shown once: with the first start that succeeds.
    expect(parley.output()).not.toContain('password');
    expect(parley.output()).not.toMatch(STACK);
    server.close();
  });

  test('whose data folder cannot be written is told which, and what to set', async () => {
    await chmod(dataDir, 0o500);
    const parley = start({}, withoutRootsRights('npm', 'start'));
    expect((await parley.ended).code).not.toBe(0);
    expect(parley.output()).toContain(dataDir);
    expect(parley.output()).toContain('DATA_DIR');
    expect(parley.output()).not.toMatch(STACK);
  });
});

type Page<Row> = { data: Row[] };
type DocumentView = { status: string; error: unknown };

const LIGHTHOUSE = `# The lighthouse of Vessau

The lighthouse of Vessau stands on the northern mole and is 43 metres tall. It was built in 1887 by the engineer Ilse Maran.

## Its light

The lamp turns once in twelve seconds and is seen from 21 nautical miles away.
`;

/** A line of a stack trace: nothing that a person can act on. */
const STACK = /^\s+at .+:\d+:\d+/m;

/** Uploads the document and waits until it can be asked about. Returns its id. */
async function addLighthouse(client: ApiClient): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([LIGHTHOUSE], { type: 'text/markdown' }), 'lighthouse.md');
  const { id } = await client.post<{ id: string }>('/v1/documents', form);
  const ended = ({ status }: DocumentView) => status === 'ready' || status === 'failed';
  expect(await client.until<DocumentView>(`/v1/documents/${id}`, ended)).toMatchObject({
    status: 'ready',
    error: null,
  });
  return id;
}

function textOf(events: readonly StreamedEvent[]): string {
  return events
    .filter(({ type }) => type === 'text-delta')
    .map(({ delta }) => delta)
    .join('');
}

/** A whole stream that says the fact and cites the document, with quotes that are really in it. */
function expectAnswer(events: readonly StreamedEvent[], fact: string, documentId: string): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const last = events.at(-1);
  expect(last, JSON.stringify(last)).toMatchObject({ type: 'run-end', status: 'completed' });
  expect(textOf(events)).toContain(fact);
  const citations = events.filter(({ type, document_id }) => type === 'citation' && document_id === documentId);
  expect(citations.length).toBeGreaterThan(0);
  for (const { quote } of citations) expect(LIGHTHOUSE).toContain(quote);
}

/** Root may write everywhere: the capability that says so is taken from it. */
function withoutRootsRights(...command: [string, ...string[]]): [string, ...string[]] {
  if (process.getuid?.() !== 0) return command;
  const dropped = '-dac_override,-dac_read_search';
  return ['setpriv', `--bounding-set=${dropped}`, `--inh-caps=${dropped}`, ...command];
}
