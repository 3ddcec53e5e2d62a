import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import { newId } from '../../../platform/id.ts';
import { actBy, inTenant, recordAct, SYSTEM, type Tenant } from '../index.ts';
import { presentEntry } from './audit.schema.ts';
import { exportAudit, listAudit, verifyAudit } from './audit.service.ts';
import { csvLine } from './audit-export.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
const { signal } = new AbortController();

describe.each(testDatabases())('the audit log on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let acme: Tenant;
  let globex: Tenant;

  beforeAll(async () => {
    db = await open();
    acme = await makeTenant(db.database, 'Acme');
    globex = await makeTenant(db.database, 'Globex');
  });
  afterAll(() => db.close());

  const record = (tenant: Tenant, act: `${string}.${string}`, details = {}) =>
    db.database.transaction((trx) => recordAct(trx, actBy(principalIn(tenant), { act, details })));
  const actsOf = async (tenant: Tenant) => {
    const rows = await listAudit(db.database, { tenantId: tenant.id }, { before: null, limit: 100 });
    return rows.map(({ act }) => act);
  };

  test('tells who did what to what, where and when, newest first and each tenant its own', async () => {
    const tenant = await makeTenant(db.database, 'Told');
    const origin = { address: '203.0.113.7', requestId: 'req-1' };
    const principal = principalIn(tenant, { origin, apiKeyId: newId() });
    const at = new Date('2026-11-25T20:00:00.123Z');
    const target = { kind: 'user', id: newId() };
    const act = actBy(principal, { act: 'member.remove', target, details: { role: 'admin', keys: ['a', 'b'] } });
    await db.database.transaction((trx) => recordAct(trx, act, at));
    await record(globex, 'neighbour.act');
    const [row, ...more] = await listAudit(db.database, { tenantId: tenant.id }, { before: null, limit: 10 });
    expect(more).toEqual([]);
    expect(row && presentEntry(row)).toMatchObject({
      number: 1,
      act: 'member.remove',
      tenant_id: tenant.id,
      actor: { kind: 'user', id: principal.userId, api_key_id: principal.apiKeyId },
      target,
      address: '203.0.113.7',
      request_id: 'req-1',
      details: { role: 'admin', keys: ['a', 'b'] },
      created_at: at.toISOString(),
    });
  });

  test('has an act if, and only if, its transaction committed', async () => {
    const before = await actsOf(acme);
    const failing = db.database.transaction(async (trx) => {
      await recordAct(trx, actBy(principalIn(acme), { act: 'never.done' }));
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(await actsOf(acme)).toEqual(before);
  });

  test('takes acts from a tenant’s own transaction, which stays the tenant’s', async () => {
    await inTenant(db.database, acme, async (trx) => {
      await recordAct(trx, actBy(principalIn(acme), { act: 'session.share' }));
      await trx
        .insertInto('session')
        .values({ id: newId(), user_id: newId(), title: 'after', metadata: '{}' })
        .execute();
      const reading = sql`SELECT 1 FROM platform.audit_entry`.execute(trx);
      await expect(reading).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
      throw new Error('enough');
    }).catch((error: Error) => expect(error.message).toBe('enough'));
    await inTenant(db.database, acme, (trx) => recordAct(trx, actBy(principalIn(acme), { act: 'session.share' })));
    expect((await actsOf(acme))[0]).toBe('session.share');
  });

  test.each([
    ['changed', sql`UPDATE platform.audit_entry SET act = 'a.lie'`],
    ['deleted', sql`DELETE FROM platform.audit_entry`],
    ['emptied', sql`TRUNCATE platform.audit_entry`],
  ])('cannot be %s, not even by the role that owns it', async (_verb, statement) => {
    await record(acme, 'key.make');
    await expect(statement.execute(db.database.db)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  test('numbers acts that come at once without a gap, and chains them', async () => {
    const tenant = await makeTenant(db.database, 'Busy');
    await Promise.all(Array.from({ length: 20 }, (_, index) => record(tenant, 'thing.do', { index })));
    const rows = await listAudit(db.database, { tenantId: tenant.id }, { before: null, limit: 100 });
    const numbers = rows.map(({ number }) => number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await verifyAudit(db.database.db, tenant.id, signal)).toEqual({ entries: 20, broken: null });
  });

  test.each([
    [
      'a changed act',
      ({ id }: Tenant) => sql`UPDATE platform.audit_entry SET act = 'a.lie' WHERE tenant_id = ${id} AND number = 2`,
      2,
    ],
    [
      'changed details',
      ({ id }: Tenant) =>
        sql`UPDATE platform.audit_entry SET details = '{"step": 9}' WHERE tenant_id = ${id} AND number = 1`,
      1,
    ],
    [
      'a missing entry',
      ({ id }: Tenant) => sql`DELETE FROM platform.audit_entry WHERE tenant_id = ${id} AND number = 2`,
      2,
    ],
    [
      'a missing end',
      ({ id }: Tenant) => sql`DELETE FROM platform.audit_entry WHERE tenant_id = ${id} AND number = 3`,
      3,
    ],
  ])('shows %s to whoever verifies it', async (_what, tampering, number) => {
    const tenant = await makeTenant(db.database, 'Tampered');
    for (const step of [1, 2, 3]) await record(tenant, 'step.do', { step, b: 1, a: 'x' });
    expect(await verifyAudit(db.database.db, tenant.id, signal)).toEqual({ entries: 3, broken: null });
    const tampered = db.database.transaction(async (trx) => {
      await sql`ALTER TABLE platform.audit_entry DISABLE TRIGGER USER`.execute(trx);
      await sql`GRANT ALL ON platform.audit_entry TO CURRENT_USER`.execute(trx);
      await tampering(tenant).execute(trx);
      expect((await verifyAudit(trx, tenant.id, signal)).broken).toEqual({ tenantId: tenant.id, number });
      throw new Error('undone');
    });
    await expect(tampered).rejects.toThrow('undone');
  });

  test('bears what Postgres does not: NUL and half characters', async () => {
    const tenant = await makeTenant(db.database, 'Odd');
    const details = { name: 'a\0b\ud800c\\u0000', list: ['\udfff'] };
    await db.database.transaction((trx) =>
      recordAct(trx, { act: 'odd.act', tenantId: tenant.id, actor: SYSTEM, target: { kind: 'x', id: '\0' }, details }),
    );
    const [row] = await listAudit(db.database, { tenantId: tenant.id }, { before: null, limit: 1 });
    expect(row?.details).toEqual({ name: 'a\ufffdb\ufffdc\\u0000', list: ['\ufffd'] });
    expect((await verifyAudit(db.database.db, tenant.id, signal)).broken).toBeNull();
  });

  test('is filtered, paged and exported whole', async () => {
    const tenant = await makeTenant(db.database, 'Long');
    for (const act of ['login.fail', 'login.start', 'api-key.create'] as const) await record(tenant, act);
    const of = async (filter: object) => {
      const rows = await listAudit(db.database, { tenantId: tenant.id, ...filter }, { before: null, limit: 100 });
      return rows.map(({ act }) => act);
    };
    expect(await of({ act: 'login' })).toEqual(['login.start', 'login.fail']);
    expect(await of({ act: 'login.fail' })).toEqual(['login.fail']);
    expect(await of({ from: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await of({ to: new Date(Date.now() + 60_000) })).toHaveLength(3);
    const [newest, second] = await listAudit(db.database, { tenantId: tenant.id }, { before: null, limit: 1 });
    const rest = await listAudit(db.database, { tenantId: tenant.id }, { before: newest?.id ?? null, limit: 100 });
    expect(rest[0]?.id).toBe(second?.id);
    expect(rest.map(({ act }) => act)).toEqual(['login.start', 'login.fail']);
    const exported = await Array.fromAsync(exportAudit(db.database, { tenantId: tenant.id }, signal));
    expect(exported.flat().map(({ act }) => act)).toEqual(['api-key.create', 'login.start', 'login.fail']);
  });
});

test('a line of CSV quotes what needs it and starts no formula', () => {
  const line = csvLine({
    id: 'id',
    number: 1,
    tenant_id: null,
    act: 'a.b',
    actor: { kind: 'user', id: null, api_key_id: null },
    target: { kind: 'user', id: '=HYPERLINK("x")' },
    address: null,
    request_id: null,
    details: { name: 'a, "b"' },
    created_at: '2026-11-25T20:00:00.000Z',
    hash: 'ff',
  });
  expect(line).toBe(
    `2026-11-25T20:00:00.000Z,,1,a.b,user,,,user,"'=HYPERLINK(""x"")",,,"{""name"":""a, \\""b\\""""}",id,ff\r\n`,
  );
});
