import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase } from '../../../../test/support/databases.ts';
import { newAccount } from '../../../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../../../test/support/raised-limits.ts';
import { recordAct, SYSTEM } from '../index.ts';

type Entry = { id: string; act: string; tenant_id: string | null; address: string | null };

describe.each(anyTestDatabase())('/v1/admin/audit on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    db = await open();
    app = await openApp(db.database, RAISED_LIMITS);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  /** The first one of the installation is its operator. */
  async function signedUp() {
    const account = newAccount();
    await app.app.inject({ method: 'POST', url: '/v1/auth/register', payload: account });
    const { email, password } = account;
    const login = await app.app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
    const { access_token, tenant } = login.json<{ access_token: string; tenant: { id: string } }>();
    const get = (url: string) =>
      app.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${access_token}` } });
    const acts = async (url: string) => (await get(url)).json<{ data: Entry[]; next_cursor: string | null }>();
    const record = (act: `${string}.${string}`, tenantId: string | null = tenant.id) =>
      db.database.transaction((trx) => recordAct(trx, { act, tenantId, actor: SYSTEM }));
    return { tenant, get, acts, record };
  }

  test('admins read their own tenant’s log, operators every one', async () => {
    const operator = await signedUp();
    const ann = await signedUp();
    await ann.record('annual.review');
    await operator.record('key.rotate', null);
    const own = (await ann.acts('/v1/admin/audit?limit=100')).data;
    expect(own.map(({ act }) => act)).toContain('annual.review');
    expect(new Set(own.map(({ tenant_id }) => tenant_id))).toEqual(new Set([ann.tenant.id]));
    const neighbours = (await operator.acts('/v1/admin/audit?limit=100')).data;
    expect(neighbours.map(({ act }) => act)).not.toContain('annual.review');
    const all = (await operator.acts('/v1/admin/audit/installation?limit=100')).data.map(({ act }) => act);
    expect(all).toEqual(expect.arrayContaining(['annual.review', 'key.rotate']));
    const one = (await operator.acts(`/v1/admin/audit/installation?tenant_id=${ann.tenant.id}`)).data;
    expect(new Set(one.map(({ tenant_id }) => tenant_id))).toEqual(new Set([ann.tenant.id]));
    for (const path of ['', '/export', '/integrity']) {
      expect((await ann.get(`/v1/admin/audit/installation${path}`)).statusCode).toBe(403);
      expect((await app.app.inject(`/v1/admin/audit${path}`)).statusCode).toBe(401);
    }
  });

  test('pages follow each other by their cursor', async () => {
    const bea = await signedUp();
    for (const act of ['one.act', 'two.act', 'three.act'] as const) await bea.record(act);
    const first = await bea.acts('/v1/admin/audit?limit=2');
    const next = await bea.acts(`/v1/admin/audit?limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...next.data].map(({ act }) => act).slice(0, 3)).toEqual([
      'three.act',
      'two.act',
      'one.act',
    ]);
    expect((await bea.get('/v1/admin/audit?cursor=WyJ4Il0')).statusCode).toBe(422);
  });

  test('an export streams the whole log as NDJSON or CSV', async () => {
    const cal = await signedUp();
    for (let count = 0; count < 501; count += 1) await cal.record('bulk.act');
    const ndjson = await cal.get('/v1/admin/audit/export?act=bulk');
    expect(ndjson.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const entries = ndjson.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(501);
    const csv = await cal.get('/v1/admin/audit/export?act=bulk&format=csv');
    expect(csv.headers['content-disposition']).toBe('attachment; filename="audit.csv"');
    expect(csv.body.split('\r\n')).toHaveLength(503);
    expect((await cal.get('/v1/admin/audit/integrity')).json()).toMatchObject({ intact: true, broken_at: null });
  });
});
