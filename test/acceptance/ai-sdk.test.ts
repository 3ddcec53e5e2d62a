import { WorkflowChatTransport } from '@ai-sdk/workflow/client';
import {
  type ChatTransport,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
  type UIMessageChunk,
} from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { newId } from '../../src/platform/id.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { call, calls } from '../support/tool-runs.ts';
import { UiChat } from '../support/ui-chat.ts';

const PATIENCE = { timeout: 60_000 };

/** AI SDK's own clients, unmodified, against the whole server. */
describe.each(anyTestDatabase())('AI SDK on the $kind database', { timeout: 180_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let ann: OpenaiUser;
  const models: Record<string, ScriptedModel> = {};

  beforeAll(async () => {
    db = await open();
    models['fake/hello'] = scriptedModel(['Hel', 'lo', '!'], { id: 'fake/hello' });
    app = await openOpenaiApp(db.database, models);
    ann = await app.newUser();
  }, 240_000);
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  const api = () => `${app.address}/v1/ai-sdk/chat`;
  const bearer = (user: OpenaiUser) => ({ authorization: `Bearer ${user.token}` });
  const transport = (body: object = {}, user = ann) =>
    new DefaultChatTransport({ api: api(), headers: bearer(user), body: { model: 'fake/hello', ...body } });
  const get = async <Answer>(path: string, user = ann) =>
    (await (await fetch(app.address + path, { headers: bearer(user) })).json()) as Answer;

  type Kept = { data: { id: string; role: string; content: string }[] };
  const kept = async (chat: UiChat) => {
    const { session_id } = runOf(chat);
    const { data } = await get<Kept>(`/v1/sessions/${session_id}/messages`);
    return data.map(({ role, content }) => `${role}: ${content}`);
  };

  describe('useChat', () => {
    test('streams an answer with its usage, and the chat of its own name is one session here', async () => {
      const chat = new UiChat({ transport: transport() });
      await chat.sendMessage({ text: 'Hi' });
      expect([chat.status, chat.error, chat.answer]).toEqual(['ready', undefined, 'Hello!']);
      expect(chat.lastMessage?.metadata).toMatchObject({
        status: 'completed',
        usage: { input_tokens: 10, output_tokens: 3 },
      });
      expect(chat.lastMessage?.parts.map(({ type }) => type)).toEqual(['step-start', 'data-retrieval', 'text']);
      await chat.sendMessage({ text: 'Again' });
      expect(await kept(chat)).toEqual(['user: Hi', 'assistant: Hello!', 'user: Again', 'assistant: Hello!']);
      const { session_id } = runOf(chat);
      const same = new UiChat({ id: session_id, transport: transport() });
      await same.sendMessage({ text: 'By its id' });
      expect((await kept(same)).length).toBe(6);
    });

    test('an answer is made once more in the place of the one before, the last one or the one that is named', async () => {
      models['fake/again'] = scriptedModel((_request, call) => [`Answer ${call}`], { id: 'fake/again' });
      const chat = new UiChat({ transport: transport({ model: 'fake/again' }) });
      await chat.sendMessage({ text: 'Hi' });
      await chat.regenerate();
      expect(await kept(chat)).toEqual(['user: Hi', 'assistant: Answer 1']);
      const first = chat.lastMessage?.id ?? '';
      await chat.sendMessage({ text: 'And?' });
      await chat.regenerate({ messageId: first });
      expect(await kept(chat)).toEqual(['user: Hi', 'assistant: Answer 3']);
      expect(chat.answer).toBe('Answer 3');
    });

    test('an edited question is asked in the place of the one before, and what followed that is not told', async () => {
      models['fake/edits'] = scriptedModel((_request, call) => [`Answer ${call}`], { id: 'fake/edits' });
      const told = () =>
        (models['fake/edits'] as ScriptedModel).requests.at(-1)?.messages.map(({ content }) => content);
      const chat = new UiChat({ transport: transport({ model: 'fake/edits' }) });
      await chat.sendMessage({ text: 'One' });
      await chat.sendMessage({ text: 'Two' });
      const [first, , second] = chat.messages.map(({ id }) => id);
      await chat.sendMessage({ text: 'Two, edited', messageId: second as string });
      expect(told()).toEqual(['One', 'Answer 0', 'Two, edited']);
      await chat.sendMessage({ text: 'Two, edited again', messageId: second as string });
      expect(told()).toEqual(['One', 'Answer 0', 'Two, edited again']);
      await chat.sendMessage({ text: 'One, edited', messageId: first as string });
      expect(told()).toEqual(['One, edited']);
      expect(await kept(chat)).toEqual(['user: One, edited', 'assistant: Answer 4']);
      // A page that was loaded anew may know it by our id.
      const { session_id } = runOf(chat);
      const { data } = await get<Kept>(`/v1/sessions/${session_id}/messages`);
      const loaded = data.map(
        ({ id, role, content }): UIMessage => ({
          id,
          role: role as 'user',
          parts: [{ type: 'text', text: content }],
        }),
      );
      const anew = new UiChat({ id: chat.id, messages: loaded, transport: transport({ model: 'fake/edits' }) });
      await anew.sendMessage({ text: 'One, at last', messageId: loaded[0]?.id as string });
      expect(told()).toEqual(['One, at last']);
    });

    test('a chat that was begun elsewhere brings its history along', async () => {
      const messages: UIMessage[] = [
        { id: '1', role: 'user', parts: [{ type: 'text', text: 'My name is Ann' }] },
        { id: '2', role: 'assistant', parts: [{ type: 'text', text: 'Hello Ann' }] },
      ];
      const chat = new UiChat({ messages, transport: transport() });
      await chat.sendMessage({ text: 'And mine?' });
      expect(models['fake/hello']?.requests.at(-1)?.messages.map(({ content }) => content)).toEqual([
        'My name is Ann',
        'Hello Ann',
        'And mine?',
      ]);
      await chat.sendMessage({ text: 'Once more' });
      expect((await kept(chat)).length).toBe(6);
    });

    test('a lost connection does not stop the answer, and resuming replays it to its end', async () => {
      const waiting = gate();
      models['fake/slow'] = scriptedModel(['One ', { gate: waiting }, 'two'], { id: 'fake/slow' });
      const id = newId().slice(0, 18);
      const first = new UiChat({ id, transport: transport({ model: 'fake/slow' }) });
      const sending = first.sendMessage({ text: 'Count' });
      await expect.poll(() => first.answer, PATIENCE).toBe('One ');
      await first.stop();
      await sending;
      const second = new UiChat({ id, messages: structuredClone(first.messages), transport: transport() });
      const resuming = second.resumeStream();
      await expect.poll(() => second.status, PATIENCE).toBe('streaming');
      waiting.open();
      await resuming;
      expect([second.answer, second.messages.length]).toEqual(['One two', 2]);
      const nothing = new UiChat({ id, transport: transport() });
      await nothing.resumeStream();
      expect([nothing.status, nothing.messages]).toEqual(['ready', []]);
    });

    test('stop is asked for by its own address, and reaches the model', async () => {
      const waiting = gate();
      const model = scriptedModel(['Said ', { gate: waiting }], { id: 'fake/stopped' });
      models['fake/stopped'] = model;
      const chat = new UiChat({ transport: transport({ model: 'fake/stopped' }) });
      const sending = chat.sendMessage({ text: 'Go' });
      await expect.poll(() => chat.answer, PATIENCE).toBe('Said ');
      const stopped = await fetch(`${api()}/${chat.id}/stop`, { method: 'POST', headers: bearer(ann) });
      expect(stopped.status).toBe(204);
      await sending;
      expect([chat.answer, model.abandoned]).toEqual(['Said ', 1]);
      expect(await kept(chat)).toEqual(['user: Go', 'assistant: Said ']);
    });

    test.each([
      ['stop() alone', false],
      ['stop() and the address for it', true],
    ])('a question right after %s is answered, behind what was said', async (_, atServer) => {
      const waiting = gate();
      const script = (_request: unknown, at: number) => (at === 0 ? ['Said ', { gate: waiting }] : ['Good.']);
      const model = scriptedModel(script, { id: 'fake/broken-off' });
      models['fake/broken-off'] = model;
      const chat = new UiChat({ transport: transport({ model: 'fake/broken-off' }) });
      const sending = chat.sendMessage({ text: 'Go' });
      await expect.poll(() => chat.answer, PATIENCE).toBe('Said ');
      await chat.stop();
      await sending;
      if (atServer) await fetch(`${api()}/${chat.id}/stop`, { method: 'POST', headers: bearer(ann) });
      await chat.sendMessage({ text: 'And now?' });
      expect([chat.status, chat.error, chat.answer, model.abandoned]).toEqual(['ready', undefined, 'Good.', 1]);
      expect(await kept(chat)).toEqual(['user: Go', 'assistant: Said ', 'user: And now?', 'assistant: Good.']);
    });

    test('a window that knows nothing of the answer under way does not break it off', async () => {
      const waiting = gate();
      models['fake/unbroken'] = scriptedModel(['Said ', { gate: waiting }, 'all.'], { id: 'fake/unbroken' });
      const chat = new UiChat({ transport: transport({ model: 'fake/unbroken' }) });
      const sending = chat.sendMessage({ text: 'Go' });
      await expect.poll(() => chat.answer, PATIENCE).toBe('Said ');
      const other = new UiChat({ id: chat.id, transport: transport({ model: 'fake/unbroken' }) });
      await other.sendMessage({ text: 'I, too' });
      expect(other.error?.message).toContain('unfinished run');
      waiting.open();
      await sending;
      expect(chat.answer).toBe('Said all.');
    });

    test('a tool of the client is called in the browser, and the answer goes on by itself in the same message', async () => {
      models['fake/tools'] = scriptedModel(
        ({ messages }) => {
          const told = messages.findLast(({ role }) => role === 'tool');
          return told ? [`You are in ${told.content}`] : calls(call('get_place', { precise: true }));
        },
        { id: 'fake/tools' },
      );
      const tools = [{ type: 'function', name: 'get_place', parameters: { type: 'object' } }];
      const seen: unknown[] = [];
      const chat: UiChat = new UiChat({
        transport: transport({ model: 'fake/tools', tools }),
        sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
        onToolCall: ({ toolCall }) => {
          seen.push(toolCall.input);
          void chat.addToolOutput({ tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output: 'Oslo' });
        },
      });
      await chat.sendMessage({ text: 'Where am I?' });
      await expect.poll(() => chat.answer, PATIENCE).toMatch(/You are in .*Oslo/);
      await expect.poll(() => chat.status, PATIENCE).toBe('ready');
      expect([chat.messages.length, chat.error, seen]).toEqual([2, undefined, [{ precise: true }]]);
      const part = chat.lastMessage?.parts.find(({ type }) => type === 'tool-get_place');
      expect(part).toMatchObject({ state: 'output-available', output: 'Oslo' });
      expect((await kept(chat)).at(-1)).toMatch(/^assistant: You are in/);
    });

    test('a refusal is an error that says why', async () => {
      const chat = new UiChat({ transport: transport({ model: 'fake/none' }) });
      await chat.sendMessage({ text: 'Hi' });
      expect(chat.error?.message).toContain('ERR_CHAT_006');
      const blank = new UiChat({ transport: transport() });
      await blank.sendMessage({ text: '  ' });
      expect(blank.error?.message).toContain('messages.0.parts must hold text');
    });
  });

  describe('the reconnecting transport of @ai-sdk/workflow', () => {
    const reconnecting = (model: string, given: typeof fetch = fetch) => {
      const headers = { ...bearer(ann), 'content-type': 'application/json' };
      return new WorkflowChatTransport({
        api: api(),
        fetch: given,
        prepareSendMessagesRequest: ({ id, messages }) => ({ headers, body: { id, messages, model } }),
        prepareReconnectToStreamRequest: ({ api: address }) => ({ api: address, headers }),
      });
    };

    test('gets each chunk once through connections that are cut again and again', async () => {
      const words = Array.from({ length: 30 }, (_, index) => `word-${index}-${'x'.repeat(200)} `);
      models['fake/words'] = scriptedModel(words, { id: 'fake/words' });
      let connections = 0;
      const cutting: typeof fetch = async (input, init) => {
        connections += 1;
        const response = await fetch(input, init);
        return connections > 3 ? response : new Response(cutAfter(response.body, 2_000), response);
      };
      // It is typed by an older release of `ai` than ours.
      const transport = reconnecting('fake/words', cutting) as unknown as ChatTransport<UIMessage>;
      const chat = new UiChat({ transport });
      await chat.sendMessage({ text: 'Say all' });
      expect([chat.error, chat.answer]).toEqual([undefined, words.join('')]);
      expect(connections).toBe(4);
    });

    test('comes back from behind any chunk, and to the newest ones', async () => {
      const waiting = gate();
      models['fake/tail'] = scriptedModel(['a', 'b', 'c', { gate: waiting }, 'd'], { id: 'fake/tail' });
      const id = `chat-${newId()}`;
      const asked = fetch(api(), {
        method: 'POST',
        headers: { ...bearer(ann), 'content-type': 'application/json' },
        body: JSON.stringify({
          id,
          model: 'fake/tail',
          messages: [{ role: 'user', parts: [{ type: 'text', text: 'Go' }] }],
        }),
      });
      await waiting.reached;
      const response = await asked;
      expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
      const runId = response.headers.get('x-workflow-run-id');
      await expect
        .poll(async () => (await get<{ last_seq: number }>(`/v1/runs/${runId}`)).last_seq, PATIENCE)
        .toBeGreaterThan(4);
      // Far enough back for the text's start: the client drops pieces whose start it does not have.
      const resume = await reconnecting('').reconnectToStream({ chatId: id, startIndex: -4 });
      const reader = resume?.getReader();
      const tail: UIMessageChunk[] = [];
      for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
        tail.push(next.value as UIMessageChunk);
        waiting.open();
      }
      const all = chunksOf(await response.text());
      const textOf = (chunks: readonly UIMessageChunk[]) =>
        chunks.map((chunk) => (chunk.type === 'text-delta' ? chunk.delta : '')).join('');
      expect(textOf(all)).toBe('abcd');
      expect(textOf(tail)).toBe('abcd');
      for (const startIndex of [0, 1, 5, all.length]) {
        const headers = bearer(ann);
        const again = await fetch(`${api()}/${runId}/stream?startIndex=${startIndex}`, { headers });
        expect(chunksOf(await again.text())).toEqual(all.slice(startIndex));
      }
    });
  });

  test('a neighbour can neither see nor stop nor go on with a chat, and has one of the same name', async () => {
    const waiting = gate();
    models['fake/mine'] = scriptedModel(['Mine', { gate: waiting }], { id: 'fake/mine' });
    const chat = new UiChat({ id: 'the-same-name', transport: transport({ model: 'fake/mine' }) });
    const sending = chat.sendMessage({ text: 'Go' });
    await expect.poll(() => chat.answer, PATIENCE).toBe('Mine');
    const { run_id, session_id } = runOf(chat);
    for (const stranger of [await app.newUser(), await app.newUser(ann)]) {
      const headers = bearer(stranger);
      for (const id of [run_id, session_id]) {
        expect([403, 404]).toContain((await fetch(`${api()}/${id}/stream`, { headers })).status);
        expect([403, 404]).toContain((await fetch(`${api()}/${id}/stop`, { method: 'POST', headers })).status);
      }
      expect((await fetch(`${api()}/the-same-name/stream`, { headers })).status).toBe(204);
      const theirs = new UiChat({ id: session_id, transport: transport({}, stranger) });
      await theirs.sendMessage({ text: 'Yours?' });
      expect(theirs.error?.message).toMatch(/ERR_CHAT_00[12]/);
      const own = new UiChat({ id: 'the-same-name', transport: transport({}, stranger) });
      await own.sendMessage({ text: 'Hi' });
      expect(own.answer).toBe('Hello!');
    }
    waiting.open();
    await sending;
    expect(chat.answer).toBe('Mine');
  });
});

function runOf({ lastMessage }: UiChat): { run_id: string; session_id: string } {
  return (lastMessage as UIMessage).metadata as { run_id: string; session_id: string };
}

function chunksOf(stream: string): UIMessageChunk[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as UIMessageChunk);
}

/** A body whose connection breaks after so many bytes. */
function cutAfter(body: ReadableStream<Uint8Array> | null, bytes: number): ReadableStream<Uint8Array> | null {
  if (!body) return null;
  let left = bytes;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        const part = piece.subarray(0, left);
        left -= part.length;
        if (part.length > 0) controller.enqueue(part);
        if (left <= 0) controller.error(new Error('the connection was cut'));
      },
    }),
  );
}
