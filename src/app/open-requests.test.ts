import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../test/support/served-app.ts';
import { type Gate, gate, scriptedModel } from '../ai/fakes.ts';
import type { ModelRegistry } from '../ai/model-registry.ts';

const PATIENT = { timeout: 180_000 };

describe.each(anyTestDatabase())('access that ends, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let waiting: Gate;

  beforeAll(async () => {
    db = await open();
    waiting = gate();
    const model = scriptedModel(['hello', { gate: waiting }, ' again'], { id: 'extractive' });
    const models: ModelRegistry = {
      resolve: () => model,
      list: () => [{ id: model.id, provider: model.id }],
      embedder: null,
    };
    served = await startApp(db, { models });
    await call('POST', '/v1/auth/register', newAccount());
  });
  afterAll(async () => {
    waiting.open();
    await served.stop();
    await db.close();
  });

  type Answer = Record<string, never> & { id: string; access_token: string; user: { id: string } };

  async function call(method: string, path: string, body?: object, token?: string) {
    const response = await fetch(served.url + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: (text === '' ? null : JSON.parse(text)) as Answer };
  }

  async function signIn() {
    const { email, password } = newAccount();
    await call('POST', '/v1/auth/register', { email, password });
    const { body } = await call('POST', '/v1/auth/login', { email, password });
    return { email, password, token: body.access_token, id: body.user.id };
  }

  /** A stream that stays open until the model goes on; `ended` once it is cut. */
  async function openStream(token: string) {
    const session = await call('POST', '/v1/sessions', {}, token);
    const response = await fetch(`${served.url}/v1/sessions/${session.body.id}/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
      body: JSON.stringify({ input: 'hello' }),
    });
    expect(response.status).toBe(200);
    const stream = { ended: false };
    const reading = async () => {
      for await (const _ of response.body ?? []) {
        // Read on until it is cut.
      }
    };
    reading()
      .catch(() => undefined)
      .finally(() => {
        stream.ended = true;
      });
    return stream;
  }

  test('ends the streams of who logged out, and of nobody else', async () => {
    const [ann, bob] = [await signIn(), await signIn()];
    const [anns, bobs] = [await openStream(ann.token), await openStream(bob.token)];
    await call('POST', '/v1/auth/logout', {}, ann.token);
    await expect.poll(() => anns.ended, PATIENT).toBe(true);
    expect(bobs.ended).toBe(false);
    expect((await call('GET', '/v1/auth/me', undefined, bob.token)).status).toBe(200);
  });

  test('leaves the stream of a login whose sister ended', async () => {
    const ann = await signIn();
    const other = await call('POST', '/v1/auth/login', { email: ann.email, password: ann.password });
    const kept = await openStream(ann.token);
    const cut = await openStream(other.body.access_token);
    await call('DELETE', '/v1/auth/logins', undefined, ann.token);
    await expect.poll(() => cut.ended, PATIENT).toBe(true);
    expect(kept.ended).toBe(false);
  });

  test.each([
    ['a NUL', 'a\0b'],
    ['half a character', 'a\ud800b'],
    ['SQL', '\'; DROP TABLE platform."user"; --'],
  ])('no public route fails on %s in any of its fields', async (_what, text) => {
    const email = `${text}@example.com`;
    const bodies: [string, object][] = [
      ['/v1/auth/register', { email, password: `${text}12345678`, username: text, full_name: text }],
      ['/v1/auth/login', { email, password: text, tenant: text }],
      ['/v1/auth/login', { username: text, password: text }],
      ['/v1/auth/forgot-password', { email }],
      ['/v1/auth/reset-password', { token: text, password: `${text}12345678` }],
      ['/v1/auth/verify-email', { token: text }],
      ['/v1/auth/login/second-factor', { challenge: text, code: text }],
      ['/v1/auth/oauth/start', { provider: text, redirect_uri: text }],
      ['/v1/auth/oauth/callback', { provider: text, state: text, browser_token: text, code: text }],
      ['/v1/auth/invitations/look', { token: text }],
      ['/v1/auth/invitations/accept', { token: text, password: `${text}12345678`, full_name: text }],
    ];
    for (const [path, body] of bodies)
      expect([path, (await call('POST', path, body)).status < 500]).toEqual([path, true]);
  });

  test('no route takes a field that is not its own: role, tenant, operator, verified', async () => {
    const ann = await signIn();
    const more = {
      role: 'owner',
      is_operator: true,
      tenant_id: ann.id,
      email_verified: true,
      email_verified_at: 'now',
    };
    for (const [name, value] of Object.entries(more)) {
      const { email, password } = newAccount();
      const registered = await call('POST', '/v1/auth/register', { email, password, [name]: value });
      expect([name, registered.status]).toEqual([name, 422]);
      const changed = await call('PATCH', '/v1/auth/me', { full_name: 'Ann', [name]: value }, ann.token);
      expect([name, changed.status]).toEqual([name, 422]);
    }
  });
});
