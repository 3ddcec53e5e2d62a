import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, fakeUpstream } from '../../src/ai/http/fake-upstream.ts';
import { ApiClient, type StreamedEvent } from '../support/api-client.ts';
import { openInstalledServer, type TestDatabase, testDatabases } from '../support/databases.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const WORDS = ['The ', 'answer ', 'is ', 'long ', 'and ', 'not ', 'yet ', 'over.'];
const HALF = 4;
/** Two starts, and the end of a lease, on a machine that is busy with other tests. */
const START_TWICE_MS = 120_000;

function delta(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
}

/** Says half and waits for ever; when it is asked again, goes on from what the answer already has. */
async function answer(
  response: ServerResponse,
  { body }: { body: { messages: { role: string; content: string }[] } },
  call: number,
) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (call === 0) {
    for (const word of WORDS.slice(0, HALF)) response.write(delta(word));
    return;
  }
  const said = body.messages.some(
    ({ role, content }) => role === 'assistant' && content.includes('The answer is long'),
  );
  for (const word of said ? WORDS.slice(HALF) : WORDS) response.write(delta(word));
  response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`);
  response.end('data: [DONE]\n\n');
}

describe.each(testDatabases())('a server that is killed in mid-answer, on the $kind database', ({ kind }) => {
  let folder: string;
  let db: TestDatabase | null = null;
  let upstream: FakeUpstream;
  let settings: Record<string, string>;
  let credential: { email: string; password: string };
  const started: ParleyProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-crash-'));
    upstream = await fakeUpstream(answer);
    const installed = kind === 'server' ? await openInstalledServer() : null;
    db = installed;
    credential = installed?.credential ?? (await installInto(folder));
    settings = {
      ...RAISED_LIMITS,
      DATA_DIR: folder,
      OPENAI_BASE_URL: `${upstream.origin}/v1`,
      DEFAULT_MODEL: 'openai/fake',
      ...(installed?.url && { DATABASE_URL: installed.url, SECRET_KEY: installed.secret }),
    };
  }, 240_000);
  afterEach(async () => {
    for (const process of started.splice(0)) await process.stop().catch(() => undefined);
    await upstream[Symbol.asyncDispose]();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = () => {
    const process = startParley(settings);
    started.push(process);
    return process;
  };

  test('leaves an answer that the next one brings to its end: what was seen stays, nothing twice, nothing missing', {
    timeout: START_TWICE_MS,
  }, async () => {
    const first = start();
    const address = await first.address();
    const before = await ApiClient.login(address, credential);
    const session = await before.post<{ id: string }>('/v1/sessions', {});
    const run = await before.post<{ id: string }>(`/v1/sessions/${session.id}/runs`, {
      input: 'Tell me',
      retrieval: { mode: 'off' },
    });
    const seen: StreamedEvent[] = [];
    for await (const event of before.follow(run.id)) {
      seen.push(event);
      if (said(seen) === 'The answer is long ') break;
    }
    await first.kill();
    started.pop();

    const second = start();
    const after = await ApiClient.login(await second.address(), credential);
    const rest = await Array.fromAsync(after.follow(run.id, seen.at(-1)?.seq));
    const all = [...seen, ...rest];
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    expect(said(all)).toBe(WORDS.join(''));
    expect(all.filter(({ type }) => type === 'run-end')).toMatchObject([
      { status: 'completed', message: { content: WORDS.join('') } },
    ]);
    expect(await Array.fromAsync(after.follow(run.id))).toEqual(all);
    expect(await after.get(`/v1/runs/${run.id}`)).toMatchObject({ status: 'completed', attempt: 2 });
  });
});

function said(events: readonly StreamedEvent[]): string {
  return events.map(({ type, delta: text }) => (type === 'text-delta' ? String(text) : '')).join('');
}
