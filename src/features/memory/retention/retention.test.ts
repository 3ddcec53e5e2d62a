import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startMemory, type TestMemory } from '../../../../test/support/memory.ts';
import { type S3Peer, startS3 } from '../../../../test/support/s3.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { newId } from '../../../platform/id.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import { createObjectStorage } from '../../../platform/storage/open-storage.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, listServedTenants, schemaOf } from '../../tenancy/index.ts';
import type { RuleConditions, RunRequest } from './retention.schema.ts';

const DAY_MS = 86_400_000;

/** A run that is under way, and that nobody works on. */
const runRow = (id: string) => ({
  id,
  cause: 'request' as const,
  started_by: null,
  dry_run: false,
  actions: ['archive' as const],
  status: 'running' as const,
  planned: '{"rules":[]}',
  done: '{}',
  error: null,
  ended_at: null,
});
const never = new AbortController().signal;

/** A bucket of a real S3-compatible service beside the one database, a folder beside the other. */
describe.each(testDatabases())('retention on the $kind database', ({ open, kind }) => {
  let db: TestDatabase;
  let s3: S3Peer | null = null;
  let coldStorage: ObjectStorage;
  let folder: string;
  let app: TestMemory;
  let ann: Principal;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'parley-cold-'));
    s3 = kind === 'server' ? await startS3('parley-cold') : null;
    coldStorage = createObjectStorage(s3 ? 's3://parley-cold/memories' : folder, { pathStyle: true });
    const listTenants = () => listServedTenants(db.database);
    app = await startMemory(db.database, {
      work: true,
      retention: { coldStorage, schedule: '0 0 1 1 *', listTenants },
    });
  });
  afterAll(async () => {
    await app.stop();
    await s3?.stop();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    ann = principalIn(await makeTenant(db.database), { role: 'admin' });
  });

  type About = {
    daysAgo?: number;
    importance?: number;
    conversation?: string;
    role?: 'user' | 'assistant';
    by?: Principal;
  };
  const remember = async (content: string, about: About = {}) => {
    const { daysAgo = 0, importance = 0.9, conversation, role = 'user', by = ann } = about;
    const { memory } = await app.memory.messages.create(by, {
      role,
      content,
      importance_override: importance,
      created_at: new Date(app.clock.now().getTime() - daysAgo * DAY_MS).toISOString(),
      ...(conversation !== undefined && { conversation_id: conversation }),
    });
    return memory.id;
  };
  const rule = (
    rule_type: 'age' | 'importance' | 'conversation_age' | 'max_items' | 'custom',
    action: 'archive' | 'delete' | 'move_to_cold_storage',
    conditions: RuleConditions = {},
    more = {},
  ) => app.memory.retention.createRule(ann, { name: `${rule_type} ${action}`, rule_type, action, conditions, ...more });
  const run = (request: RunRequest = {}) => app.memory.retention.run(ann, request, never);
  const left = async (by = ann) => {
    const { rows } = await inTenant(db.database, by.tenant, (trx) =>
      trx.executeQuery<{ content: string; archived: boolean }>(
        trx.selectFrom('memory').select(['content', 'archived']).where('superseded_by', 'is', null).compile(),
      ),
    );
    return rows.map(({ content, archived }) => (archived ? `(${content})` : content)).sort();
  };
  const rowsOf = async (table: 'memory' | 'memory_posting' | 'memory_fact' | 'retention_step') => {
    const { rows } = await inTenant(db.database, ann.tenant, (trx) =>
      trx.executeQuery<{ count: number }>(
        trx.selectFrom(table).select(trx.fn.countAll<number>().as('count')).compile(),
      ),
    );
    return Number(rows[0]?.count);
  };

  test('by default archives what is old or unimportant, and deletes nothing that is not long in the archive', async () => {
    await remember('old', { daysAgo: 31 });
    await remember('unimportant', { importance: 0.35 });
    await remember('kept', { daysAgo: 29, importance: 0.36 });
    const done = await run();
    expect(done).toMatchObject({ status: 'completed', dry_run: false, done: { archived: 2, deleted: 0 } });
    expect(await left()).toEqual(['(old)', '(unimportant)', 'kept']);
    app.clock.advance(91 * DAY_MS);
    expect((await run({ actions: ['delete'] })).done).toEqual({ archived: 0, deleted: 2, moved_to_cold_storage: 0 });
    expect(await left()).toEqual(['kept']);
  });

  test('a dry run counts what the run then does, and does nothing', async () => {
    for (const place of [1, 2, 3, 4, 5]) await remember(`note ${place}`, { daysAgo: place * 20 });
    await rule('age', 'delete', { days: 70 }, { priority: 1 });
    await rule('max_items', 'archive', { max_items: 2 }, { priority: 2 });
    const dry = await run({ dry_run: true });
    expect(dry).toMatchObject({ status: 'completed', dry_run: true, done: { archived: 0, deleted: 0 } });
    expect(dry.planned).toEqual({ archived: 2, deleted: 2, moved_to_cold_storage: 0 });
    expect(await left()).toHaveLength(5);
    expect(await rowsOf('retention_step')).toBe(0);
    const real = await run();
    expect(real.planned).toEqual(dry.planned);
    expect(real.done).toEqual(dry.planned);
    expect(real.rules_applied).toEqual(dry.rules_applied);
    expect(await left()).toEqual(['(note 2)', '(note 3)', 'note 1']);
  });

  test.each<[Parameters<typeof rule>[0], RuleConditions, string[]]>([
    ['age', { days: 50 }, ['old chat', 'old chat again', 'old note']],
    ['importance', { importance_threshold: 0.2 }, ['small talk']],
    ['importance', {}, ['small talk']],
    ['conversation_age', { days: 50 }, ['old chat', 'old chat again']],
    ['max_items', { max_items: 3 }, ['old chat', 'old note']],
    ['custom', { role: 'assistant' }, ['small talk']],
    ['custom', { min_importance: 0.95 }, ['new']],
    ['custom', { max_importance: 0.2, role: 'user' }, []],
    ['custom', { older_than_days: 50, role: 'user', min_importance: 0.5 }, ['old chat', 'old chat again', 'old note']],
  ])('a rule of type %s with %o is about exactly what it says', async (type, conditions, gone) => {
    await app.memory.retention.changePolicy(ann, {
      max_age_days: null,
      importance_threshold: null,
      delete_after_days: null,
    });
    await remember('old note', { daysAgo: 100 });
    await remember('old chat', { daysAgo: 90, conversation: 'quiet' });
    await remember('old chat again', { daysAgo: 60, conversation: 'quiet' });
    await remember('small talk', { daysAgo: 2, importance: 0.1, role: 'assistant' });
    await remember('new', { importance: 1 });
    await rule(type, 'delete', conditions);
    const before = await left();
    expect((await run()).done.deleted).toBe(gone.length);
    expect(await left()).toEqual(before.filter((content) => !gone.includes(content)));
  });

  test('rules apply by priority, the first that fits a memory alone; those that are off do not', async () => {
    await remember('one', { daysAgo: 10 });
    await rule('age', 'delete', { days: 5 }, { priority: 2 });
    await rule('age', 'archive', { days: 5 }, { priority: 1 });
    await rule('custom', 'delete', { role: 'user' }, { priority: 1, enabled: false });
    const { rules_applied } = await run();
    expect(
      rules_applied.filter(({ rule_id }) => rule_id !== null).map(({ name, memories }) => [name, memories]),
    ).toEqual([
      ['age archive', 1],
      ['age delete', 0],
    ]);
    expect(await left()).toEqual(['(one)']);
  });

  test('what is deleted leaves nothing behind: no words, no versions', async () => {
    const id = await remember('the zebra sleeps', { daysAgo: 40 });
    await app.memory.messages.change(ann, id, { content: 'the zebra is awake' });
    expect(await rowsOf('memory')).toBe(2);
    await rule('age', 'delete', { days: 30 });
    expect((await run()).done.deleted).toBe(1);
    expect(await rowsOf('memory')).toBe(0);
    expect(await rowsOf('memory_posting')).toBe(0);
  });

  test('cold storage has the whole memory before the database loses it', async () => {
    await remember('to keep elsewhere', { daysAgo: 400 });
    await rule('age', 'move_to_cold_storage', { days: 365 });
    const { id, done } = await run();
    expect(done.moved_to_cold_storage).toBe(1);
    expect(await left()).toEqual([]);
    const keys = await Array.fromAsync(coldStorage.list(`${ann.tenant.slug}/${id}/`));
    expect(keys).toHaveLength(1);
    const bytes = await coldStorage.get(keys[0] ?? '');
    const [line = ''] = gunzipSync(bytes ?? Buffer.alloc(0))
      .toString()
      .split('\n');
    expect(JSON.parse(line)).toMatchObject({ role: 'user', content: 'to keep elsewhere', user_id: ann.userId });
  });

  test('more than one batch is done to the end', async () => {
    const messages = (start: number) =>
      Array.from({ length: 100 }, (_, index) => ({
        role: 'user' as const,
        content: `number ${start + index}`,
        created_at: new Date(app.clock.now().getTime() - 50 * DAY_MS + index).toISOString(),
      }));
    for (const start of [0, 100, 200, 300, 400]) await app.memory.messages.createMany(ann, messages(start));
    await rule('age', 'delete', { days: 30 });
    expect((await run()).done.deleted).toBe(500);
    expect(await rowsOf('memory')).toBe(0);
  });

  test('is applied by itself only where an admin turned it on', async () => {
    const bob = principalIn(await makeTenant(db.database), { role: 'admin' });
    await remember('old', { daysAgo: 40 });
    await remember('old', { daysAgo: 40, by: bob });
    await app.memory.retention.changePolicy(bob, { enabled: true });
    await app.memory.retention.runDue(never);
    await expect.poll(() => left(bob), { timeout: 60_000 }).toEqual(['(old)']);
    expect(await left(ann)).toEqual(['old']);
    const { data } = await app.memory.retention.list(bob, {});
    expect(data.map(({ cause, done }) => [cause, done.archived])).toEqual([['schedule', 1]]);
  });

  test.skipIf(kind === 'embedded')('what is old is found by the index of times', async () => {
    await remember('the first', { daysAgo: 0 });
    const schema = schemaOf(ann.tenant);
    await db.database.execute(`
      INSERT INTO "${schema}".memory (id, space_id, created_by, role, content, content_hash, importance, language, word_count,
        lexemes, created_at, valid_from)
      SELECT gen_random_uuid(), space_id, created_by, role, content, content_hash, 0.9, language, 0, '{}', said, said
      FROM "${schema}".memory CROSS JOIN generate_series(1, 20000) AS item
      CROSS JOIN LATERAL (SELECT '2026-06-01'::timestamptz
        - CASE WHEN item <= 20 THEN interval '900 days' ELSE item * interval '1 second' END AS said) AS time`);
    await db.database.execute(`VACUUM ANALYZE "${schema}".memory`);
    const scans = async () => {
      const { rows } = await db.database.execute(`
        SELECT coalesce(sum(idx_scan), 0)::integer AS scans FROM pg_stat_user_indexes
        WHERE schemaname = '${schema}' AND indexrelname IN ('memory_created_at', 'memory_archived_created')`);
      return Number(rows[0]?.scans);
    };
    const before = await scans();
    await rule('age', 'archive', { days: 400 });
    expect((await run({ dry_run: true })).rules_applied[0]).toMatchObject({ memories: 20 });
    // The database counts what it did about a second late.
    await expect.poll(scans, { timeout: 60_000 }).toBeGreaterThan(before);
  });

  test('a run whose job was lost is gone on with by the schedule, and counted once', async () => {
    await app.memory.retention.changePolicy(ann, { enabled: true });
    const id = await remember('old', { daysAgo: 40 });
    const run_id = newId();
    await inTenant(db.database, ann.tenant, async (trx) => {
      await trx.insertInto('retention_run').values(runRow(run_id)).execute();
      await trx
        .insertInto('retention_step')
        .columns(['run_id', 'memory_number', 'action', 'reason'])
        .expression((eb) =>
          eb
            .selectFrom('memory')
            .select(({ val }) => [
              val(run_id).as('run_id'),
              'number',
              val('archive').as('action'),
              val('policy').as('reason'),
            ])
            .where('id', '=', id),
        )
        .execute();
    });
    await app.memory.retention.runDue(never);
    await app.memory.retention.runDue(never);
    const ended = async () => {
      const { status, done } = await app.memory.retention.get(ann, run_id);
      return [status, done.archived];
    };
    await expect.poll(ended, { timeout: 60_000 }).toEqual(['completed', 1]);
    expect(await left()).toEqual(['(old)']);
  });

  test('a run that is under way is named to who asks for another', async () => {
    const idle = await startMemory(db.database);
    try {
      const first = await inTenant(db.database, ann.tenant, (trx) =>
        trx
          .insertInto('retention_run')
          .values(runRow('0197a3c0-0000-7000-8000-000000000001'))
          .returning('id')
          .executeTakeFirstOrThrow(),
      );
      const refused = idle.memory.retention.run(ann, {}, never).catch((error: unknown) => error);
      expect(await refused).toMatchObject({
        definition: { code: 'ERR_MEMORY_020' },
        options: { extensions: { run_id: first.id } },
      });
    } finally {
      await idle.stop();
    }
  });

  test.each<[Parameters<typeof rule>[0], RuleConditions, string]>([
    ['custom', {}, 'conditions'],
    ['age', { role: 'user' }, 'conditions.role'],
    ['max_items', { days: 3 }, 'conditions.days'],
    ['custom', { min_importance: 0.6, max_importance: 0.5 }, 'conditions.min_importance'],
  ])('a rule of type %s with %o is refused, naming %s', async (type, conditions, field) => {
    const error = await rule(type, 'delete', conditions).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ options: { fields: [{ field }] } });
  });

  test('another tenant’s memories, rules and runs are out of reach', async () => {
    const neighbour = principalIn(await makeTenant(db.database, 'Neighbour'), { role: 'admin' });
    await remember('theirs', { daysAgo: 400, by: neighbour });
    const own = await rule('age', 'delete', { days: 1 });
    const { id } = await run();
    expect(await left(neighbour)).toEqual(['theirs']);
    const { retention } = app.memory;
    for (const attempt of [
      () => retention.rule(neighbour, own.id),
      () => retention.deleteRule(neighbour, own.id),
      () => retention.get(neighbour, id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ definition: { kind: 'not-found' } });
    }
  });
});
