import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { type OpenaiUser, openOpenaiApp } from '../../test/support/openai-app.ts';
import { entriesOf } from '../../test/support/usage.ts';
import { gate, hashEmbedder, scriptedModel } from '../ai/fakes.ts';

/** A micro-dollar for a token in, two for one out. */
const PRICES = [
  { model: 'fake/hello', input: 1, output: 2, context_window: 10_000, max_output: 1_000 },
  { model: 'fake/hash-64', input: 1, context_window: 10_000 },
];

describe.each(anyTestDatabase())('what an answer costs, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let prices: string;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'parley-prices-'));
    prices = join(folder, 'prices.json');
    await writeFile(prices, JSON.stringify(PRICES));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  async function start(settings: Record<string, string> = {}, script: Parameters<typeof scriptedModel>[0] = ['Hello']) {
    const model = scriptedModel(script, { id: 'fake/hello' });
    const embedder = hashEmbedder();
    const all = { PRICES_FILE: prices, UNPRICED_MODELS: 'refuse', ...settings };
    const app = await openOpenaiApp(db.database, { 'fake/hello': model }, { embedder, settings: all });
    const user = await app.newUser();
    const send = async (method: string, path: string, body?: object, { token }: OpenaiUser = user) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(app.address + path, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
    };
    const ask = async () => {
      const session = await send('POST', '/v1/sessions', {});
      const input = { input: 'Hi', model: 'fake/hello', retrieval: { mode: 'off' }, memory: { mode: 'off' } };
      const { body } = await send('POST', `/v1/sessions/${session.body.id}/runs`, input);
      return body.id as string;
    };
    const ended = async (runId: string) => {
      const read = async () => (await send('GET', `/v1/runs/${runId}`)).body;
      await expect.poll(async () => (await read()).ended_at, { timeout: 60_000 }).not.toBeNull();
      return read();
    };
    const settled = async () => {
      await app.services.usage.ledger.drained();
      return entriesOf(db.database, user.tenantId);
    };
    return { app, user, model, embedder, send, ask, ended, settled, [Symbol.asyncDispose]: app[Symbol.asyncDispose] };
  }

  test('is in its usage, in the event as in the run, and in the ledger', async () => {
    await using on = await start();
    const run = await on.ended(await on.ask());
    expect(run).toMatchObject({
      status: 'completed',
      usage: { input_tokens: 10, output_tokens: 1, cost_usd: 0.000012 },
    });
    const stream = await fetch(`${on.app.address}/v1/runs/${run.id}/events`, {
      headers: { authorization: `Bearer ${on.user.token}` },
    });
    expect(await stream.text()).toContain('"cost_usd":0.000012');
    expect(await on.settled()).toMatchObject([{ model: 'fake/hello', purpose: 'answer', amount: 0.000012 }]);
  });

  test('is what was said until somebody stopped it, by estimate', async () => {
    const stuck = gate();
    await using on = await start({}, ['x'.repeat(400), { gate: stuck }]);
    const id = await on.ask();
    await stuck.reached;
    await on.send('POST', `/v1/runs/${id}/cancel`, {});
    const run = await on.ended(id);
    expect(run).toMatchObject({ status: 'cancelled', usage: { cost_usd: expect.any(Number), estimated: true } });
    expect(run.usage.cost_usd).toBeGreaterThan(0.0002);
    expect(await on.settled()).toMatchObject([{ estimated: true, amount: run.usage.cost_usd }]);
  });

  test('must have room in the budget: otherwise the run ends, OpenAI’s clients get 429, and no provider is asked', async () => {
    await using on = await start({ TENANT_BUDGET_USD_PER_DAY: '0.000001' });
    const { client } = on.user;
    const run = await on.ended(await on.ask());
    const detail = expect.stringMatching(/^The budget of this tenant, .* begins anew at/);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'ERR_BUDGET_001', detail } });
    const chat = client.chat.completions.create({ model: 'fake/hello', messages: [{ role: 'user', content: 'Hi' }] });
    await expect(chat).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    const vectors = client.embeddings.create({ model: 'hash-64', input: 'Hi' });
    await expect(vectors).rejects.toBeInstanceOf(APIError);
    await expect(vectors).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    const search = await on.send('POST', '/v1/search', { query: 'Hi', mode: 'dense' });
    expect(search).toMatchObject({ status: 402, body: { code: 'ERR_BUDGET_001', budget: { scope: 'tenant' } } });
    expect(Number(search.headers.get('retry-after'))).toBeGreaterThan(0);
    expect([on.model.requests, on.embedder.embedded, await on.settled()]).toEqual([[], [], []]);
  });

  test('must be known: a model without a price is not asked', async () => {
    await using on = await start({ PRICES_FILE: '' });
    const run = await on.ended(await on.ask());
    expect(run).toMatchObject({ status: 'failed', error: { code: 'ERR_BUDGET_002' } });
    expect(on.model.requests).toEqual([]);
  });

  test('is null where there is no price and the operator allows that', async () => {
    await using on = await start({ PRICES_FILE: '', UNPRICED_MODELS: 'allow' });
    expect(await on.ended(await on.ask())).toMatchObject({ status: 'completed', usage: { cost_usd: null } });
    expect(await on.settled()).toMatchObject([{ priced: false, amount: 0 }]);
  });

  test('is charged to the API key that asked', async () => {
    await using on = await start();
    const key = await on.send('POST', '/v1/api-keys', { name: 'robot', scopes: ['read', 'write'] });
    const budget = { scope: 'key', subject_id: key.body.id, period: 'day', limit_usd: 0 };
    expect((await on.send('POST', '/v1/budgets', budget)).status).toBe(201);
    const session = await on.send('POST', '/v1/sessions', {});
    const asked = await on.send(
      'POST',
      `/v1/sessions/${session.body.id}/runs`,
      { input: 'Hi', model: 'fake/hello', retrieval: { mode: 'off' } },
      { ...on.user, token: key.body.key },
    );
    const detail = expect.stringContaining('this API key, 0 USD a day');
    expect(await on.ended(asked.body.id)).toMatchObject({ error: { code: 'ERR_BUDGET_001', detail } });
    expect(await on.ended(await on.ask())).toMatchObject({ status: 'completed' });
  });

  test('a file of prices that is wrong keeps the program from starting, and says what is wrong', async () => {
    const wrong = join(folder, 'wrong.json');
    await writeFile(wrong, '[{"model": "gpt"}]');
    await expect(start({ PRICES_FILE: wrong })).rejects.toMatchObject({
      faults: expect.arrayContaining(['PRICES_FILE, entry 1: model must be provider/model']),
    });
    await expect(start({ PRICES_FILE: join(folder, 'none.json') })).rejects.toThrow('which cannot be read');
  });
});
