import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../../test/support/databases.ts';
import { newAccount } from '../../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../../test/support/served-app.ts';
import { newId } from '../../platform/id.ts';
import { inTenant, readArchive, type Tenant } from './index.ts';
import { deleteParts } from './transfer/export.store.ts';

type Person = { userId: string; tenant: Tenant; email: string; send: Send };
type Send = (method: string, path: string, body?: object) => Promise<{ status: number; body: Answer; raw: Buffer }>;
// Answers of several routes.
type Answer = Record<string, unknown> & { id: string; status: string; data: Record<string, unknown>[] };

describe.each(anyTestDatabase())('tenants over HTTP on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let operator: Person;
  let folder: string;

  beforeAll(async () => {
    db = await open();
    served = await startApp(db);
    await served.services.tenancy.lifecycle.listen();
    operator = await signUp();
    folder = await mkdtemp(join(tmpdir(), 'parley-test-archive-'));
  }, 240_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await served.stop();
    await db.close();
  });

  function sender(token: string | null): Send {
    return async (method, path, body) => {
      const response = await fetch(served.url + path, {
        method,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const raw = Buffer.from(await response.arrayBuffer());
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, raw, body: (isJson ? JSON.parse(raw.toString()) : {}) as Answer };
    };
  }

  /** The first one is the operator. */
  async function signUp(): Promise<Person> {
    const account = newAccount();
    await sender(null)('POST', '/v1/auth/register', account);
    const { email, password } = account;
    const { body } = await sender(null)('POST', '/v1/auth/login', { email, password });
    const { access_token, tenant, user } = body as unknown as {
      access_token: string;
      tenant: Tenant;
      user: { id: string };
    };
    return { userId: user.id, tenant: { id: tenant.id, slug: tenant.slug }, email, send: sender(access_token) };
  }

  const admin = (tenant: Pick<Tenant, 'id'>, more = '') => `/v1/admin/tenants/${tenant.id}${more}`;

  test('an operator makes one for an account, and may not give it a reserved slug, SQL or another’s', async () => {
    const ann = await signUp();
    const body = { name: 'Initech', slug: 'initech', owner_email: ann.email };
    expect((await operator.send('POST', '/v1/admin/tenants', body)).status).toBe(201);
    const mine = await ann.send('GET', '/v1/tenants');
    expect(mine.body.data.map(({ slug }) => slug)).toContain('initech');
    expect((await operator.send('POST', '/v1/admin/tenants', body)).status).toBe(409);
    for (const slug of [
      'platform',
      'public',
      'pgboss',
      'pg-toast',
      'x"; DROP SCHEMA platform; --',
      '../x',
      'Ä',
      '-x',
    ]) {
      const refused = await operator.send('POST', '/v1/admin/tenants', { name: 'Bad', slug });
      expect([slug, refused.status]).toEqual([slug, 422]);
    }
    expect((await ann.send('POST', '/v1/admin/tenants', { name: 'Mine' })).status).toBe(403);
  });

  test('suspension ends access at once, open streams too, and resuming gives it back', async () => {
    const bea = await signUp();
    expect((await bea.send('GET', '/v1/auth/me')).status).toBe(200);
    expect((await operator.send('POST', admin(bea.tenant, '/suspend'), { reason: 'Unpaid.' })).status).toBe(200);
    expect((await bea.send('GET', '/v1/auth/me')).status).toBe(403);
    expect((await bea.send('POST', '/v1/sessions', {})).body).toMatchObject({ code: 'ERR_AUTH_006' });
    const resumed = await operator.send('POST', admin(bea.tenant, '/resume'));
    expect(resumed.body).toMatchObject({ status: 'active', suspended_reason: null });
    expect((await bea.send('GET', '/v1/auth/me')).status).toBe(200);
    const acts = await operator.send('GET', `/v1/admin/audit/installation?tenant_id=${bea.tenant.id}`);
    expect(acts.body.data.map(({ act }) => act)).toEqual(expect.arrayContaining(['tenant.suspend', 'tenant.resume']));
  });

  test('its admin renames it and sets what is theirs to set; the operator gives limits', async () => {
    const cal = await signUp();
    expect((await cal.send('PATCH', '/v1/tenants/current', { name: 'Cal & Co' })).body).toMatchObject({
      name: 'Cal & Co',
    });
    const limit = { 'limits.requests_per_minute': 7 };
    expect((await cal.send('PATCH', '/v1/tenants/current/settings', limit)).status).toBe(403);
    expect((await operator.send('PATCH', admin(cal.tenant, '/settings'), limit)).status).toBe(200);
    const seen = await cal.send('GET', '/v1/tenants/current/settings');
    const state = seen.body.data.find(({ key }) => key === 'limits.requests_per_minute');
    expect(state).toMatchObject({ value: 7, is_set: true, set_by: 'operator' });
  });

  async function exported(person: Person): Promise<Buffer> {
    const { body: begun } = await person.send('POST', '/v1/tenants/current/exports');
    const path = `/v1/tenants/current/exports/${begun.id}`;
    const status = async () => (await person.send('GET', path)).body.status;
    await expect.poll(status, { timeout: 180_000 }).toBe('ready');
    const { status: code, raw } = await person.send('GET', `${path}/archive`);
    expect(code).toBe(200);
    return raw;
  }

  /** An uploaded archive of code with what was found and said of it, as an analysis leaves it. */
  async function addAnalysedCode({ tenant, userId }: Person): Promise<void> {
    const ids = { repository_id: newId(), analysis_id: newId() };
    const fingerprint = 'f'.repeat(32);
    await inTenant(served.services.database, tenant, async (trx) => {
      const about = { name: 'Shop', description: null, kind: 'archive', location: 'shop.zip', branch: null } as const;
      const repository = { id: ids.repository_id, ...about, status: 'ready', created_by: userId } as const;
      await trx.insertInto('repository').values(repository).execute();
      const bytes = Buffer.from([0, 1, 254, 255]);
      await trx.insertInto('repository_file').values({ repository_id: ids.repository_id, part: 0, bytes }).execute();
      const result = JSON.stringify({ metrics: { deep: [1, null, '\u2028'] } });
      const analysis = { id: ids.analysis_id, repository_id: ids.repository_id, status: 'completed', result } as const;
      await trx
        .insertInto('analysis')
        .values({ ...analysis, scores: '[{"value": 99.5}]' })
        .execute();
      const place = { rule: 'security/eval', category: 'security', severity: 'high', path: 'a.js', line: 1 } as const;
      const finding = { id: newId(), analysis_id: ids.analysis_id, number: 1, fingerprint, ...place } as const;
      const said = { message: 'Text is run.', evidence: 'eval(x)', fix: 'Do not.', verify: null };
      await trx
        .insertInto('finding')
        .values({ ...finding, ...said })
        .execute();
      const triage = { repository_id: ids.repository_id, fingerprint, status: 'accepted', note: 'ü' } as const;
      await trx
        .insertInto('triage')
        .values({ ...triage, updated_by: userId })
        .execute();
    });
  }

  test('an archive that went away while it was sent does not pass for a whole one', async () => {
    const eve = await signUp();
    const { body: begun } = await eve.send('POST', '/v1/tenants/current/exports');
    const path = `/v1/tenants/current/exports/${begun.id}`;
    const status = async () => (await eve.send('GET', path)).body.status;
    await expect.poll(status, { timeout: 180_000 }).toBe('ready');
    await deleteParts(served.services.database.db, begun.id);
    const answer = eve.send('GET', `${path}/archive`).then(({ status: code }) => code);
    expect(await answer.catch(() => 'cut off')).not.toBe(200);
  });

  test('an export is believed for as long as it may take where the database takes no sign of life meanwhile', () => {
    const [job] = served.services.tenancy.exports.jobs;
    expect(job?.heartbeatSeconds).toBe(db.url === null ? job?.expireInSeconds : undefined);
  });

  test('an export comes back as a new tenant, row by row; a damaged one does not', async () => {
    const dan = await signUp();
    const { body: session } = await dan.send('POST', '/v1/sessions', { title: 'Ünïcode \\ "quoted"\n\u2028\u2029' });
    const document = { title: 'Holidays', content: 'Everyone has 30 days.', metadata: { deep: [1, { a: null }] } };
    const { body: made } = await dan.send('POST', '/v1/documents', document);
    const ready = async () => (await dan.send('GET', `/v1/documents/${made.id}`)).body.status;
    await expect.poll(ready, { timeout: 180_000 }).toBe('ready');
    await addAnalysedCode(dan);
    const bytes = await exported(dan);
    const path = join(folder, 'dan.gz');
    await writeFile(path, bytes);
    const { database, migrations } = served.services;
    const { tenant, rows, missingMembers } = await readArchive(database, migrations, path, {
      slug: `copy-${dan.tenant.slug}`,
    });
    expect(missingMembers).toEqual([]);
    expect(rows).toMatchObject({ session: 1, document: 1, repository: 1, finding: 1 });
    const code = ['repository', 'repository_file', 'analysis', 'finding', 'triage'] as const;
    for (const table of ['session', 'document', 'chunk', 'posting', 'document_text', ...code] as const) {
      const read = (of: Tenant) => inTenant(database, of, (trx) => trx.selectFrom(table).selectAll().execute());
      expect([table, await read(tenant)]).toEqual([table, await read(dan.tenant)]);
    }
    const login = await dan.send('GET', '/v1/tenants');
    expect(login.body.data.map(({ slug }) => slug)).toContain(tenant.slug);
    expect(session.id).toBeTruthy();

    const lines = gunzipSync(bytes).toString().split('\n');
    const damaged: [string, string[]][] = [
      ['a changed row', lines.map((line) => line.replace('30 days', '31 days').replace('Holidays', 'Workdays'))],
      ['a cut end', lines.slice(0, -3)],
      ['another format', ['{"format":"zip"}', ...lines.slice(1)]],
    ];
    for (const [name, changed] of damaged) {
      await writeFile(path, gzipSync(changed.join('\n')));
      const importing = readArchive(database, migrations, path, { slug: 'damaged' });
      await expect(importing, name).rejects.toThrow(/archive/);
    }
    for (const broken of [bytes.subarray(0, bytes.length / 2), Buffer.from('PK no gzip'), Buffer.alloc(0)]) {
      await writeFile(path, broken);
      await expect(readArchive(database, migrations, path, { slug: 'damaged' })).rejects.toThrow(/The archive/);
    }
    await expect(readArchive(database, migrations, `${path}.none`, {})).rejects.toThrow(/cannot be read: ENOENT/);
    const tenants = await operator.send('GET', '/v1/admin/tenants?limit=100');
    expect(tenants.body.data.map(({ slug }) => slug)).not.toContain('damaged');
  }, 240_000);

  test('deletion takes all of it and leaves a receipt that this installation knows again', async () => {
    const eve = await signUp();
    await eve.send('POST', '/v1/sessions', { title: 'gone' });
    const wrong = await eve.send('POST', '/v1/tenants/current/delete', { confirm: 'another' });
    expect(wrong.status).toBe(422);
    const deleted = await eve.send('POST', '/v1/tenants/current/delete', { confirm: eve.tenant.slug });
    expect(deleted.status).toBe(200);
    const { receipt } = deleted.body as unknown as { receipt: { rows: Record<string, number> } };
    expect(receipt.rows).toMatchObject({ session: 1, 'platform.membership': 1 });
    expect((await eve.send('GET', '/v1/auth/me')).status).toBeGreaterThanOrEqual(401);
    const { rows } = await db.database.execute(
      `SELECT 1 FROM pg_namespace WHERE nspname = 'tenant_${eve.tenant.slug}'
       UNION ALL SELECT 1 FROM platform.membership WHERE tenant_id = '${eve.tenant.id}'
       UNION ALL SELECT 1 FROM platform.tenant WHERE id = '${eve.tenant.id}'`,
    );
    expect(rows).toEqual([]);
    const kept = await operator.send('GET', admin(eve.tenant, '/receipt'));
    expect(kept.body).toMatchObject({ receipt, genuine: true });
    await db.database.execute(
      `UPDATE platform.tenant_deletion SET receipt = jsonb_set(receipt, '{rows_total}', '0') WHERE tenant_id = '${eve.tenant.id}'`,
    );
    expect((await operator.send('GET', admin(eve.tenant, '/receipt'))).body).toMatchObject({ genuine: false });
  });
});
