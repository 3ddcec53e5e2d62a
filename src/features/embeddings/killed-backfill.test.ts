import { expect, test } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';
import { startEmbeddings } from '../../../test/support/embeddings-server.ts';
import { newAccount } from '../../../test/support/identity.ts';
import { startParley } from '../../../test/support/parley-process.ts';
import { RAISED_LIMITS } from '../../../test/support/raised-limits.ts';

const PATIENTLY = { timeout: 120_000, interval: 200 };
/** More than two requests to the embedder. */
const NOTES = 150;

test('a server killed while it builds the next index loses the batch it was at, and the next one ends the work', {
  timeout: 400_000,
}, async () => {
  const db = await testDatabases().at(-1)?.open();
  if (!db?.url) return expect.fail('There is no server database to try it on.');
  const provider = await startEmbeddings();
  const settings = {
    ...RAISED_LIMITS,
    DATABASE_URL: db.url,
    SECRET_KEY: 'a secret for this test, and for nothing else',
    EMBEDDING_BASE_URL: provider.url,
    EMBEDDING_MODEL: 'fake-small',
  };
  const requests = () =>
    provider.asked
      .filter(({ model, input }) => model === 'fake-large' && input.some((text) => text.startsWith('Note')))
      .map(({ input }) => input);
  let parley = startParley(settings);
  try {
    const account = newAccount();
    const { email, password } = account;
    const send = async <Answer>(path: string, body?: object, token?: string): Promise<Answer> => {
      const response = await fetch((await parley.address()) + path, {
        method: body ? 'POST' : 'GET',
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(token && { authorization: `Bearer ${token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      expect(response.ok, path).toBe(true);
      return (await response.json()) as Answer;
    };
    await send('/v1/auth/register', account);
    const logIn = async () =>
      (await send<{ access_token: string }>('/v1/auth/login', { email, password })).access_token;
    const indexes = async (token: string) =>
      (
        await send<{ data: { area: string; embedder: string; state: string }[] }>(
          '/v1/embeddings/indexes',
          undefined,
          token,
        )
      ).data
        .filter(({ area }) => area === 'memory')
        .map(({ embedder, state }) => [embedder, state]);
    const first = await logIn();
    const messages = Array.from({ length: NOTES }, (_, place) => ({
      role: 'user',
      content: `Note ${place} on lamps.`,
    }));
    for (let from = 0; from < NOTES; from += 100) {
      await send('/v1/messages/batch', { messages: messages.slice(from, from + 100) }, first);
    }
    await parley.stop();

    // The second request for the next model's vectors is never answered.
    const never = new Promise<void>(() => undefined);
    Object.defineProperty(provider, 'hold', { configurable: true, get: () => (requests().length > 1 ? never : null) });
    parley = startParley({ ...settings, NEXT_EMBEDDING_MODEL: 'fake-large' });
    await parley.address();
    await expect.poll(() => requests().length, PATIENTLY).toBe(2);
    expect(await indexes(await logIn())).toEqual([
      ['embedding/fake-small', 'serving'],
      ['embedding/fake-large', 'building'],
    ]);
    await parley.kill();

    Object.defineProperty(provider, 'hold', { configurable: true, writable: true, value: null });
    parley = startParley({ ...settings, NEXT_EMBEDDING_MODEL: 'fake-large' });
    const token = await logIn();
    await expect
      .poll(() => indexes(token), PATIENTLY)
      .toEqual([
        ['embedding/fake-small', 'complete'],
        ['embedding/fake-large', 'serving'],
      ]);
    // What was stored before the kill was not asked for again.
    const [stored = [], lost = [], ...later] = requests();
    expect(later.flat().filter((text) => stored.includes(text))).toEqual([]);
    expect(later.flat()).toEqual(expect.arrayContaining([...lost]));
    const body = { query: 'Note 149 on lamps', top_k: 1, explain: true };
    const search = await send<{ mode_used: string; items: { explanation: { cosine: number } }[] }>(
      '/v1/memory/search',
      body,
      token,
    );
    expect(search.mode_used).toBe('hybrid');
    expect(search.items[0]?.explanation.cosine).toBeGreaterThan(0.9);
  } finally {
    await parley.kill();
    await provider.stop();
    await db.close();
  }
});
