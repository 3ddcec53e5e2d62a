import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { call, calls } from '../support/tool-runs.ts';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

/** Functions of the client, through OpenAI's own package, unmodified. */
describe.each(anyTestDatabase())(
  'functions of the openai package on the $kind database',
  { timeout: 180_000 },
  ({ open }) => {
    let db: TestDatabase;
    let app: OpenaiApp;
    let ann: OpenaiUser;
    let openai: OpenAI;
    /** Asks for the weather of a city and then says what it was told. */
    const weather: ScriptedModel = scriptedModel(
      ({ messages }) => {
        const told = messages.findLast(({ role }) => role === 'tool');
        return told ? [`It is ${told.content}.`] : calls(call('get_weather', { city: 'Oslo' }, 'call_1'));
      },
      { id: 'fake/weather' },
    );

    beforeAll(async () => {
      db = await open();
      const two = scriptedModel(
        calls(...['a', 'b', 'c'].map((id) => call('get_weather', { city: 'Oslo' }, `call_${id}`))),
        { id: 'fake/two' },
      );
      app = await openOpenaiApp(db.database, { 'fake/weather': weather, 'fake/two': two });
      ann = await app.newUser();
      openai = ann.client;
    });
    afterAll(async () => {
      await app[Symbol.asyncDispose]();
      await db.close();
    });

    describe('chat completions', () => {
      const tools: OpenAI.ChatCompletionFunctionTool[] = [
        { type: 'function', function: { name: 'get_weather', description: 'The weather', parameters } },
      ];
      const asked = { model: 'fake/weather', tools, messages: [{ role: 'user' as const, content: 'And in Oslo?' }] };

      test('end with the call, and go on with its output', async () => {
        const first = await openai.chat.completions.create(asked);
        expect(first.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
        const message = first.choices[0]?.message as OpenAI.ChatCompletionMessage;
        expect(message.tool_calls).toEqual([
          { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
        ]);
        const output = { role: 'tool' as const, tool_call_id: 'call_1', content: 'raining' };
        const second = await openai.chat.completions.create({
          ...asked,
          messages: [...asked.messages, message, output],
        });
        expect(second.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'It is raining.' } });
        expect(weather.requests.at(-1)).toMatchObject({
          tools: [{ name: 'get_weather', description: 'The weather', inputSchema: parameters }],
          messages: [
            { role: 'user', content: 'And in Oslo?' },
            { role: 'assistant', toolCalls: [{ id: 'call_1', name: 'get_weather', input: { city: 'Oslo' } }] },
            { role: 'tool', toolCallId: 'call_1', content: 'raining' },
          ],
        });
      });

      test('stream the call, as the package’s own loop over tools reads it', async () => {
        const seen: unknown[] = [];
        const run = (input: unknown) => {
          seen.push(input);
          return 'sunny';
        };
        const fn = { name: 'get_weather', description: 'The weather', parameters, parse: JSON.parse, function: run };
        const runner = openai.chat.completions.runTools({
          ...asked,
          stream: true,
          tools: [{ type: 'function', function: fn }],
        } as never);
        expect(await runner.finalContent()).toBe('It is sunny.');
        expect(seen).toEqual([{ city: 'Oslo' }]);
      });

      test('are what the client says: strict, one at a time', async () => {
        const strict = [{ type: 'function' as const, function: { name: 'get_weather', parameters, strict: true } }];
        await openai.chat.completions.create({ ...asked, tools: strict, parallel_tool_calls: false, top_p: 0.5 });
        const told = { topP: 0.5, parallelToolCalls: false, tools: [{ name: 'get_weather', strict: true }] };
        expect(weather.requests.at(-1)).toMatchObject(told);
        const response = await openai.responses.create({
          model: 'fake/weather',
          input: 'And in Oslo?',
          tools: [{ type: 'function', name: 'get_weather', parameters, strict: true }],
          parallel_tool_calls: false,
          top_p: 0.5,
        });
        expect(weather.requests.at(-1)).toMatchObject(told);
        expect(response).toMatchObject({ parallel_tool_calls: false, top_p: 0.5, tools: [{ strict: true }] });
        const usual = await openai.responses.create({ model: 'fake/weather', input: 'And in Oslo?' });
        expect(usual).toMatchObject({ parallel_tool_calls: true, top_p: null });
      });

      test('hold the model to a function where the client does, and name what is wrong with one', async () => {
        await openai.chat.completions.create({
          ...asked,
          tool_choice: { type: 'function', function: { name: 'get_weather' } },
        });
        expect(weather.requests.at(-1)?.toolChoice).toEqual({ name: 'get_weather' });
        const nameless = openai.chat.completions.create({
          ...asked,
          tools: [{ type: 'function', function: {} }],
        } as never);
        await expect(nameless).rejects.toMatchObject({ status: 400, param: 'tools[0].name' });
        const lost = [...asked.messages, { role: 'tool' as const, content: 'x' }];
        await expect(openai.chat.completions.create({ ...asked, messages: lost } as never)).rejects.toMatchObject({
          param: 'messages[1].tool_call_id',
        });
      });
    });

    describe('responses', () => {
      const tools: OpenAI.Responses.FunctionTool[] = [
        { type: 'function', name: 'get_weather', parameters, strict: false, description: null },
      ];
      const asked = { model: 'fake/weather', tools, input: 'And in Oslo?' };
      const output = { type: 'function_call_output' as const, call_id: 'call_1', output: 'raining' };

      test('end with the call, and the next one brings its output', async () => {
        const first = await openai.responses.create(asked);
        expect(first).toMatchObject({ status: 'completed', tools: [{ type: 'function', name: 'get_weather' }] });
        expect(first.output).toMatchObject([
          {
            type: 'function_call',
            call_id: 'call_1',
            name: 'get_weather',
            arguments: '{"city":"Oslo"}',
            status: 'completed',
          },
        ]);
        const second = await openai.responses.create({ ...asked, previous_response_id: first.id, input: [output] });
        expect(second.output_text).toBe('It is raining.');
        const items = await openai.responses.inputItems.list(second.id);
        expect(items.data).toMatchObject([{ type: 'function_call_output', call_id: 'call_1', output: 'raining' }]);
        expect(weather.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
      });

      test('of a client that keeps its own history go on just the same', async () => {
        const written = {
          type: 'function_call' as const,
          call_id: 'call_1',
          name: 'get_weather',
          arguments: '{"city":"Oslo"}',
        };
        const answer = await openai.responses.create({
          ...asked,
          input: [{ role: 'user', content: 'And in Oslo?' }, written, output],
        });
        expect(answer.output_text).toBe('It is raining.');
      });

      test('stream the call, and again from any place on', async () => {
        const stream = openai.responses.stream(asked);
        const events = await Array.fromAsync(stream);
        expect(events.map(({ type }) => type)).toEqual([
          'response.created',
          'response.in_progress',
          'response.output_item.added',
          'response.function_call_arguments.delta',
          'response.function_call_arguments.done',
          'response.output_item.done',
          'response.completed',
        ]);
        const { id } = await stream.finalResponse();
        const again = await openai.responses.retrieve(id, { stream: true, starting_after: 3 });
        const rest = await Array.fromAsync(again);
        expect(rest.map(({ sequence_number }) => sequence_number)).toEqual([4, 5, 6]);
        const background = await openai.responses.create({ ...asked, background: true });
        await expect
          .poll(async () => (await openai.responses.retrieve(background.id)).status, { timeout: 60_000 })
          .toBe('completed');
      });

      test('in a conversation are its items, each once, however small the pages, and each by itself', async () => {
        const { id } = await openai.conversations.create({});
        await openai.responses.create({ ...asked, conversation: id });
        await openai.responses.create({ ...asked, conversation: id, input: [output] });
        for (const order of ['asc', 'desc'] as const) {
          const items = await Array.fromAsync(openai.conversations.items.list(id, { order, limit: 1 }));
          const types = items.map(({ type }) => type);
          const asc = ['message', 'function_call', 'function_call_output', 'message'];
          expect(types).toEqual(order === 'asc' ? asc : asc.toReversed());
          for (const item of items) {
            const itemId = (item as { id: string }).id;
            expect(await openai.conversations.items.retrieve(itemId, { conversation_id: id })).toEqual(item);
          }
        }
      });

      test('that were called together are items in order, and a page holds no more than was asked for', async () => {
        const { id } = await openai.conversations.create({});
        await openai.responses.create({ ...asked, model: 'fake/two', conversation: id });
        const said = (item: OpenAI.Conversations.ConversationItem) =>
          item.type === 'function_call' ? item.call_id : item.type;
        const asc = ['message', 'call_a', 'call_b', 'call_c'];
        for (const [order, all] of [['asc', asc] as const, ['desc', asc.toReversed()] as const]) {
          for (const limit of [1, 2, 3]) {
            const pages: string[][] = [];
            const first = await openai.conversations.items.list(id, { order, limit });
            for await (const page of first.iterPages()) pages.push(page.data.map(said));
            expect(pages.flat()).toEqual(all);
            expect(Math.max(...pages.map(({ length }) => length))).toBe(limit);
          }
        }
        const [, , last] = (await openai.conversations.items.list(id, { order: 'asc' })).data;
        const unknown = (last as { id: string }).id.replace(/\d+$/, '99');
        await expect(openai.conversations.items.list(id, { after: unknown })).rejects.toMatchObject({
          status: 404,
          param: 'after',
        });
      });

      test('in a conversation are nobody else’s items, and none that are not there', async () => {
        const { id } = await openai.conversations.create({});
        await openai.responses.create({ ...asked, conversation: id });
        const [call] = (await openai.conversations.items.list(id, { order: 'desc' })).data;
        const { id: callId } = call as { id: string };
        const stranger = (await app.newUser()).client;
        for (const [client, wanted] of [
          [stranger, callId],
          [openai, callId.replace(/_\d+$/, '_77')],
        ] as const) {
          const lost = client.conversations.items.retrieve(wanted, { conversation_id: id });
          await expect(lost).rejects.toMatchObject({ status: 404 });
        }
      });

      test('of a neighbour cannot be gone on with', async () => {
        const first = await openai.responses.create(asked);
        for (const { client } of [await app.newUser(), await app.newUser(ann)]) {
          const stolen = client.responses.create({ ...asked, previous_response_id: first.id, input: [output] });
          await expect(stolen).rejects.toMatchObject({ status: expect.toBeOneOf([403, 404]) });
        }
      });
    });
  },
);
