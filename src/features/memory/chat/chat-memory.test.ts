import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../../../../test/support/api-client.ts';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { newAccount } from '../../../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../../../test/support/served-app.ts';

type Session = { id: string };
type Item = { content: string; kind: string };

describe.each(testDatabases())('memory in the chat on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;

  beforeAll(async () => {
    db = await open();
    served = await startApp(db);
  });
  afterAll(async () => {
    await served.stop();
    await db.close();
  });

  async function person(): Promise<ApiClient> {
    const account = newAccount();
    await fetch(`${served.url}/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(account),
    });
    const { email, password } = account;
    return ApiClient.login(served.url, { email, password });
  }
  const talk = async (who: ApiClient) => (await who.post<Session>('/v1/sessions', {})).id;
  const answerOf = (events: readonly { type: string; [field: string]: unknown }[]) =>
    String((events.at(-1)?.message as { content?: string } | undefined)?.content);
  const remembered = (who: ApiClient, count: number) =>
    who.until<{ memories: number }>('/v1/memory/stats', ({ memories }) => memories >= count);

  test('what is said in one session is known in the next, honestly marked, and is not remembered again', async () => {
    const ann = await person();
    await ann.ask(await talk(ann), 'My name is Ann and I live in Oslo.');
    await remembered(ann, 1);
    const events = await ann.ask(await talk(ann), 'What is my name?');
    const recall = events.find(({ type }) => type === 'recall');
    expect(((recall?.items ?? []) as Item[]).map(({ kind, content }) => [kind, content])).toContainEqual([
      'fact',
      'Your name is Ann.',
    ]);
    expect(answerOf(events)).toBe('From what I remember: Your name is Ann.');
    await ann.until<{ data: { content: string }[] }>('/v1/messages', ({ data }) =>
      data.some(({ content }) => content === 'What is my name?'),
    );
    const { data } = await ann.get<{ data: { content: string }[] }>('/v1/messages');
    expect(data.some(({ content }) => content.startsWith('From what I remember'))).toBe(false);
  });

  test('a session shows later what its answers were given, to its user alone', async () => {
    const [ann, bob] = [await person(), await person()];
    await ann.ask(await talk(ann), 'My name is Ann.');
    await remembered(ann, 1);
    const session = await talk(ann);
    await ann.ask(session, 'What is a xylophone?');
    const runs = [await ann.ask(session, 'What is my name?'), await ann.ask(session, 'And my name, again?')];
    type Recalls = { data: { run_id: string; items: Item[]; forgotten: string | null }[]; next_cursor: string | null };
    const path = `/v1/sessions/${session}/recalls`;
    const { data, next_cursor } = await ann.get<Recalls>(path);
    expect(data.map(({ run_id }) => run_id)).toEqual(runs.map(([first]) => first?.run_id).reverse());
    expect(data[1]?.items).toEqual(runs[0]?.find(({ type }) => type === 'recall')?.items);
    expect(next_cursor).toBeNull();
    const newest = await ann.get<Recalls>(`${path}?limit=1`);
    expect(newest.data).toEqual(data.slice(0, 1));
    expect((await ann.get<Recalls>(`${path}?limit=1&cursor=${newest.next_cursor}`)).data).toEqual(data.slice(1));
    await expect(bob.get(path)).rejects.toThrow(/answered 404/);
  });

  test('leaves out what was said on a branch that its session has turned away from', async () => {
    const ann = await person();
    const session = await talk(ann);
    const known = async () => {
      const events = await ann.ask(await talk(ann), 'What is my name?');
      return answerOf(events).includes('Ann');
    };
    await ann.ask(session, 'My name is Ann.');
    await remembered(ann, 1);
    expect(await known()).toBe(true);
    const { data } = await ann.get<{ data: { id: string }[] }>(`/v1/sessions/${session}/messages`);
    const edited = `/v1/sessions/${session}/messages/${data[0]?.id}/edit`;
    const run = await ann.post<{ id: string }>(edited, { input: 'Which documents are there?' });
    await ann.until<{ status: string }>(`/v1/runs/${run.id}`, ({ status }) => status === 'completed');
    expect(await known()).toBe(false);
    await ann.patch(`/v1/sessions/${session}`, { current_message_id: data[0]?.id });
    expect(await known()).toBe(true);
  });

  test('is nobody else’s', async () => {
    const [ann, bob] = [await person(), await person()];
    await ann.ask(await talk(ann), 'My name is Ann.');
    await remembered(ann, 1);
    const events = await bob.ask(await talk(bob), 'What is my name?');
    expect(events.some(({ type }) => type === 'recall')).toBe(false);
    expect(answerOf(events)).not.toContain('Ann');
  });

  test('forgets what it is told to, and says so', async () => {
    const ann = await person();
    await ann.ask(await talk(ann), 'My name is Ann.');
    await remembered(ann, 1);
    const session = await talk(ann);
    expect(answerOf(await ann.ask(session, 'Please forget my name.'))).toMatch(
      /^I have forgotten that: 1 memory and 1 fact/,
    );
    expect((await ann.get<{ data: unknown[] }>('/v1/memory/facts')).data).toEqual([]);
    expect(answerOf(await ann.ask(await talk(ann), 'What is my name?'))).not.toContain('Ann');
    expect(answerOf(await ann.ask(session, 'Forget that I love xylophones'))).toContain('nothing to forget');
  });

  test('forgets no more than it was told to', async () => {
    const ann = await person();
    await ann.ask(await talk(ann), 'I live in Oslo.');
    await remembered(ann, 1);
    expect(answerOf(await ann.ask(await talk(ann), 'Forget about the Oslofjord.'))).toContain('nothing to forget');
    expect((await ann.get<{ data: unknown[] }>('/v1/memory/facts')).data).toHaveLength(1);
  });

  test('goes on after everything was forgotten', async () => {
    const ann = await person();
    const session = await talk(ann);
    await ann.ask(session, 'The vault opens with 4711.');
    await remembered(ann, 1);
    const { id } = await ann.post<{ id: string }>('/v1/forgetting', { kind: 'memories' });
    await ann.until<{ status: string }>(`/v1/forgetting/${id}`, ({ status }) => status === 'completed');
    await ann.ask(session, 'The garden has a well.');
    await remembered(ann, 1);
  });

  test('what the session itself has said does not take the place of what others have', async () => {
    const ann = await person();
    const session = await talk(ann);
    const own = Array.from({ length: 9 }, (_, day) => ({
      role: 'user',
      content: `Bertha the quokka ate ${day} figs.`,
      session_id: session,
    }));
    const other = { role: 'user', content: 'The quokka Bertha sleeps in the blue barn.', conversation_id: 'other' };
    await ann.post('/v1/messages/batch', { messages: [other, ...own] });
    const events = await ann.ask(session, 'Tell of the quokka Bertha!');
    const items = (events.find(({ type }) => type === 'recall')?.items ?? []) as Item[];
    expect(items.map(({ content }) => content)).toEqual(['The quokka Bertha sleeps in the blue barn.']);
  });

  test('"forget that" takes back what was said last', async () => {
    const ann = await person();
    const session = await talk(ann);
    await ann.ask(session, 'The vault opens with 4711.');
    expect(answerOf(await ann.ask(session, 'Forget that.'))).toContain('I have forgotten what you said last');
    await ann.ask(session, 'The garden has a well.');
    await remembered(ann, 1);
    const { data } = await ann.get<{ data: { content: string }[] }>('/v1/messages');
    expect(data.map(({ content }) => content).join(' ')).not.toMatch(/vault|forget/i);
  });

  test('a run can do without, and a tenant can', async () => {
    const ann = await person();
    const session = await talk(ann);
    await ann.ask(session, 'My name is Ann.');
    await remembered(ann, 1);
    const off = await ann.post<{ id: string }>(`/v1/sessions/${await talk(ann)}/runs`, {
      input: 'What is my name?',
      memory: { mode: 'off' },
    });
    const events = await Array.fromAsync(ann.follow(off.id));
    expect(events.some(({ type }) => type === 'recall')).toBe(false);
  });
});
