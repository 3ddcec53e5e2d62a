import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { type EmbeddingsServer, startEmbeddings } from '../../../test/support/embeddings-server.ts';
import { type ServedApp, startApp } from '../../../test/support/served-app.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';

const never = new AbortController().signal;
const SMALL = 'embedding/fake-small';
const LARGE = 'embedding/fake-large';

describe.each(testDatabases())('another embedding model on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let provider: EmbeddingsServer;
  let somebody: Principal;
  const running: ServedApp[] = [];

  beforeAll(async () => {
    db = await open();
    provider = await startEmbeddings();
    somebody = principalIn(await makeTenant(db.database));
  });
  afterAll(async () => {
    await provider.stop();
    await db.close();
  });

  /** The program with these settings, and nothing of the one before. */
  async function restart(settings: Record<string, string>): Promise<ServedApp['services']> {
    await stop();
    const address = { EMBEDDING_BASE_URL: provider.url, UNPRICED_MODELS: 'allow' };
    const served = await startApp(db, { settings: { ...address, ...settings } });
    running.push(served);
    await served.services.embeddings.start();
    return served.services;
  }
  async function stop() {
    for (const { stop: end, services } of running.splice(0)) {
      services.embeddings.stop();
      await end();
    }
  }

  type Services = ServedApp['services'];
  const states = async ({ embeddings }: Services) =>
    (await embeddings.states(somebody.tenant)).map(({ area, embedder, state, missing }) => [
      area,
      embedder,
      state,
      missing,
    ]);
  const add = async ({ documents }: Services, title: string, content: string) => {
    const { id } = await documents.service.createFromText(somebody, { title, content });
    await expect
      .poll(async () => (await documents.service.get(somebody, id)).status, { timeout: 180_000 })
      .toBe('ready');
  };
  const say = ({ memory }: Services, content: string) => memory.messages.create(somebody, { role: 'user', content });
  /** What a search by meaning finds, and by whose vectors. */
  const found = async ({ documents }: Services, query: string) => {
    provider.asked.length = 0;
    const { hits, modeUsed } = await documents.search(somebody.tenant, { query, mode: 'dense' }, never);
    return { titles: hits.map(({ title }) => title), modeUsed, by: provider.asked.map(({ model }) => model) };
  };
  const cosineOf = async ({ memory }: Services, query: string) => {
    const { items, mode_used } = await memory.recall.recall({ ...somebody }, { query, explain: true }, never);
    return { mode_used, cosine: items[0]?.explanation?.cosine ?? null };
  };
  const settled = (services: Services, expected: unknown) =>
    expect.poll(() => states(services), { timeout: 180_000 }).toEqual(expected);
  const vectorsOf = (embedder: string) =>
    inTenant(db.database, somebody.tenant, async (trx) => {
      const chunks = await trx
        .selectFrom('embedding')
        .select('content_hash')
        .where('embedder', '=', embedder)
        .execute();
      const memories = await trx
        .selectFrom('memory_embedding')
        .select('content_hash')
        .where('embedder', '=', embedder)
        .execute();
      return [chunks.length, memories.length];
    });

  test('what was there before any model gets vectors by itself at the start', { timeout: 120_000 }, async () => {
    const before = await restart({});
    await add(before, 'Whales', 'Whales sing under the ice.');
    await say(before, 'My boat is called Gerda.');
    expect(await before.embeddings.states(somebody.tenant)).toEqual([]);
    const services = await restart({ EMBEDDING_MODEL: 'fake-small' });
    await settled(services, [
      ['documents', SMALL, 'serving', 0],
      ['memory', SMALL, 'serving', 0],
    ]);
    expect(await found(services, 'whales sing')).toEqual({ titles: ['Whales'], modeUsed: 'dense', by: ['fake-small'] });
    expect((await cosineOf(services, 'boat Gerda')).cosine).toBeGreaterThan(0.5);
  });

  test('the next one is built beside the one that serves, and only when whole are searches switched; then back', {
    timeout: 120_000,
  }, async () => {
    const held = Promise.withResolvers<void>();
    provider.hold = held.promise;
    const both = { EMBEDDING_MODEL: 'fake-small', NEXT_EMBEDDING_MODEL: 'fake-large' };
    const services = await restart(both);
    await expect
      .poll(() => provider.asked.some(({ model }) => model === 'fake-large'), { timeout: 180_000 })
      .toBe(true);
    expect(await states(services)).toContainEqual(['documents', LARGE, 'building', 1]);
    // A person cannot switch to what is not whole.
    await expect(services.embeddings.serve(somebody.tenant, LARGE)).rejects.toMatchObject({
      definition: { code: 'ERR_EMBEDDING_002' },
    });
    held.resolve();
    provider.hold = null;
    await settled(services, [
      ['documents', SMALL, 'complete', 0],
      ['documents', LARGE, 'serving', 0],
      ['memory', SMALL, 'complete', 0],
      ['memory', LARGE, 'serving', 0],
    ]);
    expect(await found(services, 'whales sing')).toEqual({ titles: ['Whales'], modeUsed: 'dense', by: ['fake-large'] });
    expect(await cosineOf(services, 'boat Gerda')).toMatchObject({ mode_used: 'hybrid' });

    // What comes now is in both, so that the way back is open.
    await add(services, 'Seals', 'Seals bark on the rocks.');
    await say(services, 'My cat is called Otto.');
    await expect.poll(() => vectorsOf(SMALL), { timeout: 180_000 }).toEqual([2, 2]);
    await expect.poll(() => vectorsOf(LARGE), { timeout: 180_000 }).toEqual([2, 2]);
    await services.embeddings.serve(somebody.tenant, SMALL);
    expect(await found(services, 'seals bark')).toMatchObject({ titles: ['Seals', 'Whales'], by: ['fake-small'] });
    // A person's word stands: nothing switches again by itself, not even after a restart.
    const again = await restart(both);
    await again.embeddings.catchUp(somebody.tenant, never);
    expect(await states(again)).toContainEqual(['documents', SMALL, 'serving', 0]);
  });

  test('a model that is away is told, tried again, and never replaced by a made-up vector', {
    timeout: 120_000,
  }, async () => {
    const { embeddings } = await restart({
      EMBEDDING_MODEL: 'fake-small',
      NEXT_EMBEDDING_MODEL: 'fake-third',
      EMBEDDING_SWITCH: 'manual',
    });
    await settled(
      running[0]?.services as Services,
      expect.arrayContaining([['memory', 'embedding/fake-third', 'complete', 0]]),
    );
    await stop();
    provider.down = true;
    const services = await restart({
      EMBEDDING_MODEL: 'fake-small',
      NEXT_EMBEDDING_MODEL: 'fake-fourth',
      EMBEDDING_SWITCH: 'manual',
    });
    void embeddings;
    expect(await services.embeddings.catchUp(somebody.tenant, never)).toBe(false);
    expect(await services.embeddings.states(somebody.tenant)).toContainEqual(
      expect.objectContaining({
        area: 'documents',
        embedder: 'embedding/fake-fourth',
        state: 'building',
        missing: 2,
        error: expect.objectContaining({ code: 'embedding_unavailable' }),
      }),
    );
    expect(await vectorsOf('embedding/fake-fourth')).toEqual([0, 0]);
    provider.down = false;
    // Its circuit is open for a while: another start finds it closed, and goes on where it was.
    const healed = await restart({
      EMBEDDING_MODEL: 'fake-small',
      NEXT_EMBEDDING_MODEL: 'fake-fourth',
      EMBEDDING_SWITCH: 'manual',
    });
    await expect.poll(() => vectorsOf('embedding/fake-fourth'), { timeout: 180_000 }).toEqual([2, 2]);
    expect(await states(healed)).toContainEqual(['documents', 'embedding/fake-fourth', 'complete', 0]);
    await stop();
  });
});
