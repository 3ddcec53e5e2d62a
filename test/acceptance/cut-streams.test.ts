import { DefaultChatTransport } from 'ai';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Gate, gate, scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { UiChat } from '../support/ui-chat.ts';

/** A server that ends while it answers: its run goes on elsewhere, and no client may take what it has for the whole. */
describe.each(anyTestDatabase())('a stream whose server ends, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let ann: OpenaiUser;
  let never: Gate;

  beforeEach(async () => {
    db = await open();
    never = gate();
    const model = scriptedModel(['Half ', { gate: never }, 'and half'], { id: 'fake/cut' });
    const silent = scriptedModel([{ gate: never }, 'late'], { id: 'fake/silent' });
    app = await openOpenaiApp(db.database, { 'fake/cut': model, 'fake/silent': silent });
    ann = await app.newUser();
  }, 120_000);
  afterEach(async () => {
    never.open();
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  const asked = { model: 'fake/cut', messages: [{ role: 'user' as const, content: 'Tell me' }] };
  const end = () => app.services.chat.engine.stop(0);
  const running = () => expect.poll(() => app.services.chat.engine.activeRunCount, { timeout: 30_000 }).toBe(1);

  test('is an error of a chat completion, streamed or whole', async () => {
    const stream = await ann.client.chat.completions.create({ ...asked, stream: true });
    let text = '';
    const read = async () => {
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
        if (text !== '') void end();
      }
    };
    await expect(read()).rejects.toThrow('before the answer does');
    expect(text).toBe('Half ');
  });

  test('is an error of a whole chat completion that a client may try again, and nobody has stopped it', async () => {
    const whole = ann.client.chat.completions.create(asked).catch((thrown: unknown) => thrown);
    await running();
    await end();
    const error = await whole;
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ status: 503 });
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get('x-should-retry')).toBeNull();
  });

  test('is an error of a response, streamed or whole, which is there still', async () => {
    const stream = await ann.client.responses.create({ model: 'fake/cut', input: 'Tell me', stream: true });
    let text = '';
    let id = '';
    const read = async () => {
      for await (const event of stream) {
        if (event.type === 'response.created') id = event.response.id;
        if (event.type !== 'response.output_text.delta') continue;
        text += event.delta;
        void end();
      }
    };
    await expect(read()).rejects.toThrow('Retrieve it');
    expect(text).toBe('Half ');
    const whole = ann.client.responses.retrieve(id);
    expect(await whole).toMatchObject({ id, status: 'in_progress' });
  });

  test('breaks off for AI SDK, whose client would take an end for the whole', async () => {
    const transport = new DefaultChatTransport({
      api: `${app.address}/v1/ai-sdk/chat`,
      headers: { authorization: `Bearer ${ann.token}` },
      body: { model: 'fake/cut' },
    });
    const chat = new UiChat({ id: 'cut', transport, onError: () => undefined });
    const sent = chat.sendMessage({ text: 'Tell me' });
    await expect.poll(() => chat.answer, { timeout: 30_000 }).toBe('Half ');
    await end();
    await sent;
    expect({ status: chat.status, answer: chat.answer }).toEqual({ status: 'error', answer: 'Half ' });
  });

  test('in the background tells its id before the first word, so that its client can come back', async () => {
    const asked = { model: 'fake/silent', input: 'Tell me', background: true, stream: true } as const;
    const began = performance.now();
    for await (const event of await ann.client.responses.create(asked)) {
      expect(event).toMatchObject({ type: 'response.created', response: { id: expect.stringMatching(/^resp_/) } });
      break;
    }
    // Otherwise the head waits 1.5 s for a refusal.
    expect(performance.now() - began).toBeLessThan(1_400);
  });
});
