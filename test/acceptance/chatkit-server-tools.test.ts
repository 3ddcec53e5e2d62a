import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { ChatkitClient, input, shape, type Wire } from '../support/chatkit-client.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { startMcpServer, type TestMcpServer } from '../support/mcp-server.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { call, calls } from '../support/tool-runs.ts';

/** Tools that run in this program, as ChatKit's page sees them over HTTP. */
let db: TestDatabase;
let app: OpenaiApp;
let ann: OpenaiUser;
let page: ChatkitClient;
let shop: TestMcpServer;
const models: Record<string, ScriptedModel> = {};
const sold: unknown[] = [];

const WIDGET = { type: 'Card', id: null, children: [{ type: 'Text', value: 'One pot is sold' }, null] };

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  shop = await startMcpServer((server) => {
    server.registerTool('sell', { description: 'Sells a pot.' }, () => {
      sold.push('pot');
      return { content: [], structuredContent: { widget: WIDGET, copy_text: 'Sold', stock: 2 } };
    });
  });
  answerWith(() => ['Hi']);
  app = await openOpenaiApp(db.database, models, { settings: { OUTBOUND_ALLOWED_HOSTS: '127.0.0.1' } });
  ann = await app.newUser();
  page = new ChatkitClient(`${app.address}/v1/chatkit`, ann.token);
  await send('POST', '/v1/mcp-servers', { name: 'shop', url: shop.url });
}, 240_000);
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
  await db.close();
});

function answerWith(script: Parameters<typeof scriptedModel>[0]): ScriptedModel {
  const model = scriptedModel(script, { id: 'fake/scripted' });
  models[''] = models['fake/scripted'] = model;
  return model;
}

async function send(method: string, path: string, body: object): Promise<Wire> {
  const headers = { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' };
  const response = await fetch(app.address + path, { method, headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

const useTools = (tools: object[]) => send('PATCH', '/v1/tenants/current/settings', { 'chatkit.tools': tools });
const create = (text: string) => page.stream('threads.create', { input: input(text) });
const threadOf = (events: readonly Wire[]): string => events.find(({ type }) => type === 'thread.created').thread.id;

test('a search is a task of a workflow while it runs and when it is kept, and its passages are cited', async () => {
  const { id } = await send('POST', '/v1/documents', {
    title: 'Fern care',
    content: 'A fern needs water twice a week. It likes shade.',
  });
  const tenant = (await (
    await fetch(`${app.address}/v1/auth/me`, { headers: { authorization: `Bearer ${ann.token}` } })
  ).json()) as { tenant: { id: string; slug: string } };
  await app.services.documents.ingest(tenant.tenant, id, AbortSignal.timeout(20_000));
  await useTools([{ type: 'search_documents' }]);
  answerWith(({ messages }) => {
    const told = messages.findLast(({ role }) => role === 'tool');
    if (!told) return calls(call('search_documents', { query: 'How often does a fern need water?' }));
    const [passage] = JSON.parse(told.content).passages as { number: number }[];
    return [`A fern needs water twice a week [${passage?.number}].`];
  });
  const events = await create('Hello!');
  const told = shape(events).filter((name) => /workflow|task|assistant|annotation/.test(name));
  expect(told).toEqual([
    'added(workflow)',
    'done(workflow)',
    'added(assistant_message)',
    'annotation_added',
    'done(assistant_message)',
  ]);
  const updates = events.flatMap(({ type, update }) => (type === 'thread.item.updated' ? [update] : []));
  const tasks = updates.filter(({ type }) => type.startsWith('workflow.task'));
  expect(tasks).toMatchObject([
    { type: 'workflow.task.added', task_index: 0, task: { status_indicator: 'loading', title: 'Search documents' } },
    {
      type: 'workflow.task.updated',
      task_index: 0,
      task: { type: 'file', status_indicator: 'complete', sources: [{ title: 'Fern care' }] },
    },
  ]);
  const kept = await page.items(threadOf(events));
  expect(kept.map(({ type }) => type)).toEqual(['user_message', 'workflow', 'assistant_message']);
  expect(kept[1].workflow.tasks).toEqual([tasks[1].task]);
  expect(kept[2].content[0].annotations).toMatchObject([{ source: { title: 'Fern care' } }]);
});

test('a tool that changes something asks first; its widget reaches the page without nulls, and is kept', async () => {
  sold.length = 0;
  await useTools([{ type: 'mcp', server: 'shop' }]);
  answerWith(({ messages }) =>
    messages.some(({ role }) => role === 'tool') ? ['Sold.'] : calls(call('shop__sell', { pot: 7 })),
  );
  const events = await create('One pot, please');
  const thread = threadOf(events);
  const asked = events.at(-1).item;
  expect(asked).toMatchObject({ type: 'structured_input', status: 'pending' });
  expect(sold).toEqual([]);
  const answers = { [asked.inputs[0].id]: { values: ['Approve'] } };
  const submit = { thread_id: thread, item_id: asked.id, input: { status: 'answered', answers } };
  const more = await page.stream('threads.add_structured_input', submit);
  const widget = more.find(({ item }) => item?.type === 'widget').item;
  expect(widget).toMatchObject({
    copy_text: 'Sold',
    widget: { type: 'Card', children: [{ value: 'One pot is sold' }] },
  });
  expect(JSON.stringify(widget)).not.toContain('null');
  expect(more.at(-1).item).toMatchObject({ type: 'assistant_message', content: [{ text: 'Sold.' }] });
  expect(sold).toEqual(['pot']);
  const kept = await page.items(thread);
  expect(kept.filter(({ type }) => type === 'widget')).toEqual([widget]);
  expect(kept.find(({ type }) => type === 'workflow').workflow.tasks).toMatchObject([{ status_indicator: 'complete' }]);
});

test('and one that is declined never runs', async () => {
  sold.length = 0;
  const model = answerWith(({ messages }) =>
    messages.some(({ role }) => role === 'tool') ? ['As you wish.'] : calls(call('shop__sell')),
  );
  const events = await create('Or not');
  const asked = events.at(-1).item;
  const answers = { [asked.inputs[0].id]: { values: ['Decline'] } };
  const submit = { thread_id: threadOf(events), item_id: asked.id, input: { status: 'answered', answers } };
  const more = await page.stream('threads.add_structured_input', submit);
  expect(more.at(-1).item).toMatchObject({ content: [{ text: 'As you wish.' }] });
  expect(String(model.requests.at(-1)?.messages.at(-1)?.content)).toContain('did not allow');
  expect(sold).toEqual([]);
});

test('of two calls that ask, each is asked about; skipping is no, and is kept as it was told', async () => {
  sold.length = 0;
  const model = answerWith(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? ['One is sold.']
      : calls(call('shop__sell', { pot: 1 }), call('shop__sell', { pot: 2 })),
  );
  const events = await create('Two pots');
  const thread = threadOf(events);
  const first = events.at(-1).item;
  const answers = { [first.inputs[0].id]: { values: ['Approve'] } };
  const next = await page.stream('threads.add_structured_input', {
    thread_id: thread,
    item_id: first.id,
    input: { answers },
  });
  expect(shape(next)).toEqual(['stream_options', 'replaced(structured_input)', 'done(structured_input)']);
  const second = next.at(-1).item;
  const skip = { thread_id: thread, item_id: second.id, input: { status: 'skipped' } };
  const last = await page.stream('threads.add_structured_input', skip);
  expect(last.at(-1).item).toMatchObject({ content: [{ text: 'One is sold.' }] });
  expect(sold).toEqual(['pot']);
  expect(String(model.requests.at(-1)?.messages.at(-1)?.content)).toContain('skipped');
  const kept = await page.items(thread);
  const told = (type: string) => [...next, ...last].flatMap(({ item }) => (item?.type === type ? [item] : []));
  expect(kept.filter(({ type }) => type === 'structured_input')).toEqual([
    next[1].item,
    { ...last[1].item, status: 'skipped' },
  ]);
  expect(kept.filter(({ type }) => type === 'workflow')).toEqual(told('workflow').slice(-1));
});
