import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/ai/chat-model.ts';
import { type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';

/** The 31 tests that acceptance names, S2-19 to S2-49, on one database, so that there are 31. */
const [{ open }] = anyTestDatabase() as unknown as [{ open(): Promise<TestDatabase> }];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ABSENT = '01990000-0000-7000-8000-00000000dead';
const FILES = join(import.meta.dirname, '../../src/protocols/chatkit/rest');

type Envelope = {
  status: number;
  headers: Headers;
  success: boolean;
  data: { id: string; session_id: string; [member: string]: unknown };
  meta: { total: number };
  error: { code: string; message: string };
};

let db: TestDatabase;
let app: OpenaiApp;
const models: Record<string, ScriptedModel> = {};

/** What answers from now on, whoever asks. */
function answerWith(...args: Parameters<typeof scriptedModel>): void {
  models[''] = models['fake/scripted'] = scriptedModel(args[0], { id: 'fake/scripted' });
}

const HELLO = ['Hel', 'lo!'];

beforeAll(async () => {
  db = await open();
  answerWith(HELLO);
  // The limit of each route is the default; the tenant's and the address's are not what is tried.
  app = await openOpenaiApp(db.database, models, {
    settings: { RATE_LIMIT_CHATKIT_PER_MINUTE: '30', REQUEST_TIMEOUT_MS: '60000' },
  });
}, 240_000);
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await db.close();
});

async function call(user: OpenaiUser | null, method: string, path: string, body?: object): Promise<Envelope> {
  const response = await fetch(`${app.address}/api/v1/chatkit/sessions${path}`, {
    method,
    headers: {
      ...(user && { authorization: `Bearer ${user.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Envelope;
  return { ...answer, status: response.status, headers: response.headers };
}

const begin = async (user: OpenaiUser) => (await call(user, 'POST', '')).data.id;
const message = (text: string) => ({ message: { role: 'user', content: [{ type: 'input_text', text }] } });
const runs = (sessionId: string, threadId = sessionId) => `/${sessionId}/threads/${threadId}/runs`;

/** A stream, whole: its `data:` lines. */
async function say(user: OpenaiUser, sessionId: string, text: string) {
  const response = await fetch(`${app.address}/v1/chatkit/sessions${runs(sessionId)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(message(text)),
  });
  const body = await response.text();
  const data = body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  return { response, body, data };
}

describe('session creation', { timeout: 180_000 }, () => {
  test('test_create_session_with_valid_jwt_returns_200', async () => {
    const user = await app.newUser();
    for (const body of [undefined, {}]) {
      const answer = await call(user, 'POST', '', body);
      expect(answer).toMatchObject({ status: 200, success: true, data: { user_id: user.userId } });
      expect(Date.parse(String(answer.data.created_at))).toBeGreaterThan(0);
    }
  });

  test('test_create_session_without_jwt_returns_401', async () => {
    const answer = await call(null, 'POST', '');
    expect(answer).toMatchObject({ status: 401, success: false, error: { code: 'UNAUTHORIZED' } });
    expect(answer.error.message).not.toBe('');
  });

  test('test_create_session_at_limit_returns_429', async () => {
    const user = await app.newUser();
    const answers = await Promise.all(Array.from({ length: 12 }, () => call(user, 'POST', '')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.map(({ error }) => error.code)).toEqual(['SESSION_LIMIT', 'SESSION_LIMIT']);
    const [first] = answers.filter(({ status }) => status === 200);
    await call(user, 'DELETE', `/${first?.data.id}`);
    expect((await call(user, 'POST', '')).status).toBe(200);
  });

  test('test_response_contains_valid_uuid', async () => {
    expect(await begin(await app.newUser())).toMatch(UUID);
  });

  test('test_database_record_created', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const own = await fetch(`${app.address}/v1/sessions/${id}`, { headers: { authorization: `Bearer ${user.token}` } });
    expect(await own.json()).toMatchObject({ id, user_id: user.userId, message_count: 0 });
    const { rows } = await app.services.database.execute(
      `SELECT count(*)::int AS count FROM platform.tenant WHERE id = $1`,
      [user.tenantId],
    );
    expect(rows).toEqual([{ count: 1 }]);
  });
});

describe('threads', { timeout: 180_000 }, () => {
  test('test_create_thread_with_valid_session_returns_200', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    expect(await call(user, 'POST', `/${id}/threads`)).toMatchObject({ status: 200, data: { id, session_id: id } });
  });

  test('test_create_thread_for_nonexistent_session_returns_404', async () => {
    const user = await app.newUser();
    for (const id of [ABSENT, 'no-id']) {
      expect(await call(user, 'POST', `/${id}/threads`)).toMatchObject({
        status: 404,
        success: false,
        error: { code: 'SESSION_NOT_FOUND' },
      });
    }
  });

  test('test_create_thread_for_another_users_session_returns_403', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    const id = await begin(ann);
    expect(await call(bob, 'POST', `/${id}/threads`)).toMatchObject({ status: 403, error: { code: 'FORBIDDEN' } });
    // To another tenant it does not exist.
    const carl = await app.newUser();
    expect((await call(carl, 'POST', `/${id}/threads`)).status).toBe(404);
  });

  test('test_thread_idempotency_returns_same_thread_id', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const [one, two] = [await call(user, 'POST', `/${id}/threads`), await call(user, 'POST', `/${id}/threads`, {})];
    expect(one.data).toEqual(two.data);
  });

  test('test_thread_id_matches_session_id', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    expect((await call(user, 'POST', `/${id}/threads`)).data.id).toBe(id);
  });
});

describe('streaming', { timeout: 180_000 }, () => {
  test('test_send_message_with_valid_session_returns_sse_stream', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const { response, body, data } = await say(user, id, 'Hi');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toContain('no-cache');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
    const events = data.slice(0, -1).map((line) => JSON.parse(line));
    const deltas = events.filter(({ type }) => type === 'thread.item.content.part.delta').map(({ delta }) => delta);
    expect(deltas.join('')).toBe('Hello!');
    expect(events.filter(({ type }) => type === 'thread.item.done').at(-1)).toMatchObject({
      item: { type: 'assistant_message', content: [{ type: 'output_text', text: 'Hello!', annotations: [] }] },
    });
    answerWith([{ fail: new ModelError('unavailable', 'away') }]);
    expect(await call(user, 'POST', runs(id), message('Hi'))).toMatchObject({
      status: 502,
      success: false,
      error: { code: 'UPSTREAM_ERROR' },
    });
    answerWith(HELLO);
  });

  test('test_send_message_with_empty_text_returns_400', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    for (const text of ['', ' \n\t']) {
      expect(await call(user, 'POST', runs(id), message(text))).toMatchObject({
        status: 400,
        error: { code: 'INVALID_INPUT' },
      });
    }
    const wrong = { message: { role: 'assistant', content: [{ type: 'input_text', text: 'Hi' }] } };
    expect(await call(user, 'POST', runs(id), wrong)).toMatchObject({ status: 400, error: { code: 'INVALID_INPUT' } });
    expect(await call(user, 'POST', runs(id), { message: { role: 'user', content: [] } })).toMatchObject({
      status: 400,
    });
  });

  test('test_send_message_with_long_text_returns_400', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    expect(await call(user, 'POST', runs(id), message('x'.repeat(501)))).toMatchObject({
      status: 400,
      error: { code: 'MESSAGE_TOO_LONG', message: 'The message has 501 characters; 500 are allowed.' },
    });
    expect((await say(user, id, '🌿'.repeat(500))).response.status).toBe(200);
  });

  test('test_send_message_for_nonexistent_session_returns_404', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    expect(await call(user, 'POST', runs(ABSENT), message('Hi'))).toMatchObject({
      status: 404,
      error: { code: 'SESSION_NOT_FOUND' },
    });
    expect(await call(user, 'POST', runs(id, ABSENT), message('Hi'))).toMatchObject({
      status: 404,
      error: { code: 'THREAD_NOT_FOUND' },
    });
  });

  test('test_send_message_for_another_users_session_returns_403', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    const id = await begin(ann);
    expect(await call(bob, 'POST', runs(id), message('Hi'))).toMatchObject({
      status: 403,
      error: { code: 'FORBIDDEN' },
    });
    expect((await call(ann, 'GET', `/${id}`)).data.messages).toEqual([]);
  });
});

describe('listing', { timeout: 180_000 }, () => {
  test('test_list_sessions_returns_only_users_sessions', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    const [own, foreign] = [await begin(ann), await begin(bob)];
    const { data, meta } = (await call(ann, 'GET', '')) as unknown as { data: { id: string }[]; meta: unknown };
    expect(data.map(({ id }) => id)).toEqual([own]);
    expect(data.map(({ id }) => id)).not.toContain(foreign);
    expect(meta).toEqual({ total: 1 });
  });

  test('test_list_sessions_ordered_by_updated_at_desc', async () => {
    const user = await app.newUser();
    const [one, two] = [await begin(user), await begin(user)];
    await say(user, one, 'Hi');
    const { data } = (await call(user, 'GET', '')) as unknown as { data: { id: string; title: string }[] };
    expect(data.map(({ id }) => id)).toEqual([one, two]);
    expect(data.map(({ title }) => title)).toEqual(['Hi', 'New Chat']);
  });

  test('test_list_sessions_includes_message_count', async () => {
    const user = await app.newUser();
    await say(user, await begin(user), 'Hi');
    expect((await call(user, 'GET', '')).data).toMatchObject([{ message_count: 2, user_id: user.userId }]);
  });

  test('test_list_sessions_returns_empty_array_when_no_sessions', async () => {
    const answer = await call(await app.newUser(), 'GET', '');
    expect(answer).toMatchObject({ status: 200, success: true, data: [], meta: { total: 0 } });
  });
});

describe('one session', { timeout: 180_000 }, () => {
  test('test_get_session_returns_session_with_messages', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    await say(user, id, 'Hi');
    expect((await call(user, 'GET', `/${id}`)).data).toMatchObject({
      id,
      user_id: user.userId,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello!' },
      ],
    });
  });

  test('test_get_session_messages_ordered_by_created_at_asc', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    for (const text of ['one', 'two']) await say(user, id, text);
    const messages = (await call(user, 'GET', `/${id}`)).data.messages as { content: string; created_at: string }[];
    expect(messages.map(({ content }) => content)).toEqual(['one', 'Hello!', 'two', 'Hello!']);
    const times = messages.map(({ created_at }) => created_at);
    expect(times).toEqual(times.toSorted());
  });

  test('test_get_session_includes_tool_calls', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const toolCall = { id: 'call_1', name: 'look_up', input: { query: 'ferns' } };
    answerWith((_request, call) =>
      call === 0
        ? [
            { type: 'tool-call', toolCall },
            { type: 'finish', reason: 'tool-calls', usage: null },
          ]
        : ['Ferns like shade.'],
    );
    const settings = { 'chatkit.tools': [{ type: 'function', name: 'look_up' }] };
    await app.services.tenancy.settings.change({ id: user.tenantId }, settings, { userId: user.userId, as: 'admin' });
    const { data, response } = await say(user, id, 'What of ferns?');
    expect(data.slice(0, -1).map((line) => JSON.parse(line))).toMatchObject([
      { type: 'progress_update' },
      { type: 'thread.item.done', item: { type: 'client_tool_call', name: 'look_up', arguments: { query: 'ferns' } } },
    ]);
    const own = (path: string, body?: object) =>
      fetch(`${app.address}/v1/runs/${response.headers.get('x-run-id')}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${user.token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    await own('/tool-outputs', { tool_outputs: [{ tool_call_id: 'call_1', output: { likes: 'shade' } }] });
    await (await own('/events')).text();
    answerWith(HELLO);
    const messages = (await call(user, 'GET', `/${id}`)).data.messages as object[];
    expect(messages.at(-1)).toMatchObject({
      content: 'Ferns like shade.',
      tool_calls: [{ name: 'look_up', arguments: { query: 'ferns' }, result: { likes: 'shade' } }],
    });
  });

  test('test_get_session_returns_404_for_nonexistent_session', async () => {
    const user = await app.newUser();
    for (const id of [ABSENT, 'no-id']) {
      expect(await call(user, 'GET', `/${id}`)).toMatchObject({ status: 404, error: { code: 'SESSION_NOT_FOUND' } });
    }
  });

  test('test_get_session_returns_403_for_unauthorized_access', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    expect(await call(bob, 'GET', `/${await begin(ann)}`)).toMatchObject({
      status: 403,
      error: { code: 'FORBIDDEN' },
    });
  });
});

describe('deletion', { timeout: 180_000 }, () => {
  test('test_delete_session_returns_200', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const answer = await call(user, 'DELETE', `/${id}`);
    expect(answer).toMatchObject({ status: 200, success: true, data: { id, session_id: id, deleted: true } });
  });

  test('test_delete_session_cascades_messages', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    await say(user, id, 'Hi');
    await call(user, 'DELETE', `/${id}`);
    const me = await fetch(`${app.address}/v1/auth/me`, { headers: { authorization: `Bearer ${user.token}` } });
    const { slug } = ((await me.json()) as { tenant: { slug: string } }).tenant;
    const { rows } = await app.services.database.execute(
      `SELECT count(*)::int AS count FROM "tenant_${slug}".message WHERE session_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('test_delete_nonexistent_session_returns_404', async () => {
    const user = await app.newUser();
    expect(await call(user, 'DELETE', `/${ABSENT}`)).toMatchObject({
      status: 404,
      error: { code: 'SESSION_NOT_FOUND' },
    });
  });

  test('test_delete_unauthorized_session_returns_403', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    const id = await begin(ann);
    expect(await call(bob, 'DELETE', `/${id}`)).toMatchObject({ status: 403, error: { code: 'FORBIDDEN' } });
    expect((await call(ann, 'GET', `/${id}`)).status).toBe(200);
  });

  test('test_deleted_session_not_in_list', async () => {
    const user = await app.newUser();
    const [gone, kept] = [await begin(user), await begin(user)];
    await call(user, 'DELETE', `/${gone}`);
    expect((await call(user, 'GET', '')).data).toMatchObject([{ id: kept }]);
  });
});

describe('rate limit', { timeout: 180_000 }, () => {
  test('test_rate_limiter_configured_on_app', async () => {
    const user = await app.newUser();
    const id = await begin(user);
    const policies = await Promise.all(
      [
        call(user, 'GET', ''),
        call(user, 'POST', ''),
        call(user, 'GET', `/${id}`),
        call(user, 'POST', `/${id}/threads`),
        call(user, 'POST', runs(id), message('')),
        call(user, 'DELETE', `/${ABSENT}`),
      ].map(async (answer) => (await answer).headers.get('ratelimit-policy')),
    );
    for (const policy of policies) expect(policy).toContain('"chatkit";q=30;w=60');
    // Exactly six routes are guarded so: one line each (S2-3, S2-111).
    const source = await readFile(join(FILES, 'rest.routes.ts'), 'utf8');
    expect(source.match(/limit: 'chatkit/g)).toHaveLength(6);
    expect(
      source.match(/scope\.|app\.(get|post|delete|put|patch)\(/g)?.filter((call) => call.startsWith('app')),
    ).toHaveLength(6);
  });

  test('test_rate_limit_returns_429_when_exceeded', async () => {
    const ann = await app.newUser();
    const bob = await app.newUser(ann);
    const answers: Envelope[] = [];
    for (let count = 0; count < 31; count += 1) answers.push(await call(ann, 'GET', ''));
    expect(answers.slice(0, 30).every(({ status }) => status === 200)).toBe(true);
    const last = answers.at(-1);
    expect(last).toMatchObject({ status: 429, success: false, error: { code: 'RATE_LIMIT_EXCEEDED' } });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    // Counted for each user and each route.
    expect((await call(bob, 'GET', '')).status).toBe(200);
    expect((await call(ann, 'POST', '')).status).toBe(200);
  });
});
