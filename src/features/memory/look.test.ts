import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import { hashEmbedder } from '../../ai/fakes.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';

const never = new AbortController().signal;

describe.each(testDatabases())('what a process that died left undone, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestMemory;

  beforeAll(async () => {
    db = await open();
    app = await startMemory(db.database, { work: true, embedder: hashEmbedder() });
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  /** As the chat leaves it when a run ends and nobody is told. */
  async function talked(ann: Principal): Promise<void> {
    const [session, run] = [newId(), newId()];
    const at = new Date('2026-06-15T11:00:00Z');
    const part = (text: string) => JSON.stringify([{ type: 'text', text }]);
    await inTenant(db.database, ann.tenant, async (trx) => {
      await trx
        .insertInto('session')
        .values({ id: session, user_id: ann.userId, title: null, metadata: '{}' })
        .execute();
      const answer = newId();
      await trx
        .insertInto('run')
        .values({
          id: run,
          session_id: session,
          user_id: ann.userId,
          status: 'completed',
          model: 'extractive',
          request: JSON.stringify({ memory: {} }) as never,
          message_id: answer,
          ended_at: at,
        })
        .execute();
      const message = { session_id: session, run_id: run, status: 'complete', created_at: at } as const;
      await trx
        .insertInto('message')
        .values([
          { ...message, id: newId(), role: 'user', parts: part('The vault opens with 4711.') },
          { ...message, id: answer, role: 'assistant', parts: part('I will keep the vault in mind.') },
        ])
        .execute();
    });
  }

  test('is found by the next one, and remembered and embedded exactly once', async () => {
    const ann = principalIn(await makeTenant(db.database));
    await talked(ann);
    const found = async () => (await app.memory.messages.list(ann, {})).data;
    expect(await found()).toEqual([]);
    // Two programs that start together.
    await Promise.all([app.memory.look.look(never), app.memory.look.look(never)]);
    await expect
      .poll(async () => (await found()).map(({ embedding_status }) => embedding_status), { timeout: 180_000 })
      .toEqual(['completed', 'completed']);
    await app.memory.look.look(never);
    await app.memory.runs.remember(ann.tenant, never);
    expect(await found()).toHaveLength(2);
  });
});
