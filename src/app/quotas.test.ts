import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../test/support/served-app.ts';
import { listAudit } from '../features/tenancy/index.ts';

type Person = { userId: string; tenantId: string; slug: string; email: string; token: string };

// The server database, where there is one: only there is anything at the same time.
describe.each(testDatabases().slice(-1))('what a tenant may have, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let operator: Person;

  beforeAll(async () => {
    db = await open();
    served = await startApp(db);
    operator = await signUp();
  }, 240_000);
  afterAll(async () => {
    await served.stop();
    await db.close();
  });

  async function send(person: Person | null, method: string, path: string, body?: object) {
    const headers = {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const response = await fetch(served.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  }

  /** The first one is the operator. */
  async function signUp(): Promise<Person> {
    const { email, username, password } = newAccount();
    await send(null, 'POST', '/v1/auth/register', { email, username, password });
    const { body } = await send(null, 'POST', '/v1/auth/login', { email, password });
    const { tenant, user, access_token: token } = body;
    return { userId: user.id, tenantId: tenant.id, slug: tenant.slug, email, token };
  }

  const give = (tenantId: string, settings: object) =>
    send(operator, 'PATCH', `/v1/admin/tenants/${tenantId}/settings`, settings);
  const addDocument = (person: Person, content: string) =>
    send(person, 'POST', '/v1/documents', { title: 'One', content });

  /** Of acts at the same time, how many were served, and what the others were told. */
  async function atOnce(count: number, act: (number: number) => ReturnType<typeof send>) {
    const answers = await Promise.all(Array.from({ length: count }, (_, number) => act(number)));
    const refused = answers.filter(({ status }) => status >= 400);
    return { served: count - refused.length, refused };
  }

  const refusal = (name: string, limit: number) => ({
    status: 403,
    body: { code: 'ERR_TENANT_009', detail: expect.stringContaining(`quotas.${name}`), quota: { name, limit } },
  });

  test('documents: exactly as many, however many come at once; a deleted one makes room', async () => {
    const person = await signUp();
    await give(person.tenantId, { 'quotas.documents': 2 });
    const { served: made, refused } = await atOnce(6, (number) => addDocument(person, `text ${number}`));
    expect(made).toBe(2);
    expect(refused).toMatchObject(refused.map(() => refusal('documents', 2)));
    const { body } = await send(person, 'GET', '/v1/documents');
    await send(person, 'DELETE', `/v1/documents/${body.data[0].id}`);
    expect((await addDocument(person, 'text of another')).status).toBeLessThan(300);
    expect(await addDocument(person, 'text of one more')).toMatchObject(refusal('documents', 2));
  });

  test('bytes: of documents and attachments together, exactly', async () => {
    const person = await signUp();
    await give(person.tenantId, { 'quotas.storage_bytes': 1000 });
    const { served: made, refused } = await atOnce(5, (number) => addDocument(person, `${number}`.repeat(300)));
    expect(made).toBe(3);
    expect(refused).toMatchObject(refused.map(() => refusal('storage_bytes', 1000)));
    const create = (size: number) =>
      send(person, 'POST', '/v1/chatkit', {
        type: 'attachments.create',
        params: { name: 'notes.txt', size, mime_type: 'text/plain' },
      });
    expect((await create(101)).status).toBe(403);
    expect((await create(100)).status).toBe(200);
  });

  test('repositories and analyses: exactly as many, and a deleted one makes room', async () => {
    const person = await signUp();
    await give(person.tenantId, { 'quotas.repositories': 2, 'quotas.analyses': 1 });
    const add = (number: number) =>
      send(person, 'POST', '/v1/repositories', { url: `https://git.example/${number}.git` });
    const { served: made, refused } = await atOnce(5, add);
    expect(made).toBe(2);
    expect(refused).toMatchObject(refused.map(() => refusal('repositories', 2)));
    const { data } = (await send(person, 'GET', '/v1/repositories')).body;
    const analyse = ({ id }: { id: string }) => send(person, 'POST', '/v1/analyses', { repository_id: id });
    const analyses = await Promise.all(data.map(analyse));
    expect(analyses.map(({ status }) => status).sort()).toEqual([201, 403]);
    expect(analyses.find(({ status }) => status === 403)).toMatchObject(refusal('analyses', 1));
    const [first, second] = analyses[0]?.status === 201 ? data : [...data].reverse();
    expect((await send(person, 'DELETE', `/v1/repositories/${first.id}`)).status).toBe(204);
    expect((await analyse(second)).status).toBe(201);
    expect((await add(9)).status).toBe(201);
    expect(await add(10)).toMatchObject(refusal('repositories', 2));
  });

  test('sessions: whichever way they are made', async () => {
    const person = await signUp();
    await give(person.tenantId, { 'quotas.sessions': 3 });
    const ask = () => {
      const messages = [{ role: 'user', content: 'hello' }];
      return send(person, 'POST', '/v1/chat/completions', { model: 'extractive', messages });
    };
    const { served: made } = await atOnce(6, (number) =>
      number % 2 ? send(person, 'POST', '/v1/sessions', {}) : ask(),
    );
    expect(made).toBe(3);
    expect(await send(person, 'POST', '/v1/sessions', {})).toMatchObject(refusal('sessions', 3));
    expect(await ask()).toMatchObject({ status: 403, body: { error: { code: 'ERR_TENANT_009' } } });
    expect((await send(person, 'POST', '/v1/conversations', {})).status).toBe(403);
    expect((await send(person, 'POST', '/v1/chatkit/sessions', {})).status).toBe(403);
  });

  test('members: an invitation cannot be accepted when the tenant is full', async () => {
    const owner = await signUp();
    await give(owner.tenantId, { 'quotas.members': 2 });
    const guests = await Promise.all([signUp(), signUp(), signUp()]);
    const accepts = await Promise.all(
      guests.map(async ({ email }) => {
        await send(owner, 'POST', '/v1/invitations', { email, role: 'member' });
        return invitationTokenOf(email);
      }),
    );
    const { served: joined, refused } = await atOnce(3, (number) =>
      send(guests[number] as Person, 'POST', '/v1/invitations/accept', { token: accepts[number] as string }),
    );
    expect(joined).toBe(1);
    expect(refused).toMatchObject(refused.map(() => refusal('members', 2)));
  });

  test('limits of its own count at once, are the tenant’s alone, and each change is in its audit log', async () => {
    const [person, neighbour] = [await signUp(), await signUp()];
    await give(person.tenantId, { 'limits.requests_per_minute': 3 });
    const policy = (name: string, headers: Headers) =>
      new RegExp(`"${name}";q=(\\d+)`).exec(headers.get('ratelimit-policy') ?? '')?.[1];
    const read = (who: Person) => send(who, 'GET', '/v1/sessions');
    const first = await read(person);
    expect([first.status, policy('tenant', first.headers)]).toEqual([200, '3']);
    await read(person);
    await read(person);
    const over = await read(person);
    expect([over.status, Number(over.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect(over.body).toMatchObject({ code: 'ERR_LIMIT_001', 'violated-policies': ['tenant'] });
    expect((await read(neighbour)).status).toBe(200);

    const acts = await listAudit(
      db.database,
      { tenantId: person.tenantId, act: 'tenant-settings' },
      { before: null, limit: 10 },
    );
    expect(acts).toMatchObject([
      {
        act: 'tenant-settings.change',
        actor_id: operator.userId,
        details: { as: 'operator', changed: ['limits.requests_per_minute'], 'limits.requests_per_minute': 3 },
      },
    ]);
  });

  async function invitationTokenOf(email: string): Promise<string> {
    // The mail waits in the queue, sealed.
    const { secretBox, database } = served.services;
    const { rows } = await database.execute(
      "SELECT data FROM pgboss.job WHERE name = 'mail.send' ORDER BY created_on DESC",
    );
    for (const { data } of rows) {
      const mail = JSON.parse(secretBox.open(Buffer.from((data as { sealed: string }).sealed, 'base64'), 'mail'));
      const token = /token=(\S+)/.exec(mail.text)?.[1];
      if (mail.to === email && token && mail.subject.includes('invited')) return token;
    }
    throw new Error(`No invitation was sent to ${email}.`);
  }
});
