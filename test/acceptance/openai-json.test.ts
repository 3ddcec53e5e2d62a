import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { extractiveModel } from '../../src/ai/extractive/extractive-model.ts';
import { type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type OpenaiApp, openOpenaiApp } from '../support/openai-app.ts';

const Place = z.object({ city: z.string(), people: z.number().int() });
const OSLO = '{"city":"Oslo","people":717710}';
const question = [{ role: 'user' as const, content: 'Where?' }];

let db: TestDatabase;
let app: OpenaiApp;
let openai: OpenAI;
const right: ScriptedModel = scriptedModel(['{"city":', '"Oslo","people"', ':717710}'], { id: 'fake/right' });
const models = {
  'fake/right': right,
  'fake/fenced': scriptedModel(['```json\n', OSLO, '\n``', '`\n'], { id: 'fake/fenced' }),
  'fake/wrong': scriptedModel(['{"city":"Oslo"}'], { id: 'fake/wrong' }),
  'fake/prose': scriptedModel(['In Oslo, of course.'], { id: 'fake/prose' }),
  'fake/cut': scriptedModel(['{"city":"Os', { type: 'finish', reason: 'length', usage: null }], { id: 'fake/cut' }),
  extractive: extractiveModel(),
};

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  app = await openOpenaiApp(db.database, models);
  openai = (await app.newUser()).client;
}, 240_000);
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await db.close();
});

async function refusal(asked: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`not refused: ${error}`);
  return error;
}

const chat = (model: string, format: object = { type: 'json_object' }) =>
  openai.chat.completions.create({ model, messages: question, response_format: format as never });

test('the package’s own parser reads a completion that fits its schema', async () => {
  const answer = await openai.chat.completions.parse({
    model: 'fake/right',
    messages: question,
    response_format: zodResponseFormat(Place, 'place'),
  });
  expect(answer.choices[0]?.message.parsed).toEqual({ city: 'Oslo', people: 717_710 });
  expect(right.requests.at(-1)?.format).toMatchObject({
    type: 'json_schema',
    name: 'place',
    strict: true,
    schema: { required: ['city', 'people'] },
  });
});

test('and a stream, and a response with what it was asked for', async () => {
  const stream = openai.chat.completions.stream({
    model: 'fake/right',
    messages: question,
    response_format: zodResponseFormat(Place, 'place'),
  });
  expect((await stream.finalChatCompletion()).choices[0]?.message.parsed).toEqual({ city: 'Oslo', people: 717_710 });

  const text = { format: zodTextFormat(Place, 'place') };
  const response = await openai.responses.parse({ model: 'fake/right', input: 'Where?', text });
  expect(response.output_parsed).toEqual({ city: 'Oslo', people: 717_710 });
  expect(response.text?.format).toMatchObject({ type: 'json_schema', name: 'place', strict: true });
  const streamed = openai.responses.stream({ model: 'fake/right', input: 'Where?', text });
  expect((await streamed.finalResponse()).output_parsed).toEqual({ city: 'Oslo', people: 717_710 });
});

test('any object: as it comes, or out of the fence that a model put around it', async () => {
  for (const model of ['fake/right', 'fake/fenced']) {
    expect((await chat(model)).choices[0]?.message.content).toBe(OSLO);
  }
  const response = await openai.responses.create({
    model: 'fake/fenced',
    input: 'Where?',
    text: { format: { type: 'json_object' } },
  });
  expect(response.output_text).toBe(OSLO);
  expect(response.text?.format).toEqual({ type: 'json_object' });
});

test('an answer that is no such JSON is an error, and the client does not pay for it again by itself', async () => {
  const asked = await refusal(chat('fake/prose'));
  expect(asked).toMatchObject({ status: 502, message: expect.stringContaining('cannot be read as JSON') });
  expect(asked.headers?.get('x-should-retry')).toBe('false');
  const schema = await refusal(chat('fake/wrong', zodResponseFormat(Place, 'place')));
  expect(schema).toMatchObject({ status: 502, message: expect.stringContaining('people') });
  const response = await openai.responses.create({
    model: 'fake/prose',
    input: 'Where?',
    text: { format: { type: 'json_object' } },
  });
  expect(response).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('JSON') } });
});

test('an answer that was cut for its length is handed out as far as it goes', async () => {
  const answer = await chat('fake/cut');
  expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '{"city":"Os' } });
});

test.each([
  ['a model that only quotes', 'model', 'extractive', { type: 'json_object' }],
  ['another form', 'response_format.type', 'fake/right', { type: 'grammar', grammar: 'x' }],
  [
    'no schema',
    'response_format.json_schema.schema',
    'fake/right',
    { type: 'json_schema', json_schema: { name: 'x' } },
  ],
  [
    'what is no schema',
    'response_format.json_schema.schema',
    'fake/right',
    { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'tree' } } },
  ],
])('%s is refused and named', async (_what, param, model, format) => {
  expect(await refusal(chat(model, format))).toMatchObject({ status: 400, param });
});
