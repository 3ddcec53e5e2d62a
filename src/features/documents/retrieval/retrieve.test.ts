import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { Principal } from '../../identity/index.ts';
import type { RetrievalOptions } from './retrieve.ts';

const HANDBOOK = `# Refunds

Refunds are given within thirty days of the purchase, if the customer shows the receipt. Digital goods are not refunded.

# Holidays

Every employee has twenty-eight days of holidays a year. Unused days expire at the end of March of the following year.

# Sick leave

An employee who is ill tells the team lead before nine in the morning. From the fourth day on, a doctor's note is needed.`;

describe.each(testDatabases())('retrieval on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestDocuments;
  let somebody: Principal;

  beforeAll(async () => {
    db = await open();
    app = await startDocuments(db.database);
    somebody = principalIn(await makeTenant(db.database));
    await app.add(somebody, 'Handbook', HANDBOOK);
    await app.add(somebody, 'Weather station', 'The weather station on the roof measures wind, rain and temperature.');
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  const ask = (question: string, history: { role: string; content: string }[] = [], options: RetrievalOptions = {}) =>
    app.documents.retrieve(
      { tenant: somebody.tenant, signal: new AbortController().signal },
      question,
      history,
      options,
    );

  test('finds the passage that answers, with its place in the text', async () => {
    const found = await ask('How many days of holidays does an employee have?');
    expect(found).toMatchObject({ route: 'factual_qa', strategy: 'sparse' });
    const passage = found.passages?.find(({ text }) => text.includes('twenty-eight days'));
    const { text } = await app.documents.service.content(somebody, passage?.documentId ?? '', {});
    const start = passage?.documentStart ?? -1;
    expect(text.slice(start, start + (passage?.text.length ?? 0))).toBe(passage?.text);
    expect(found.hits.map(({ chunk_id }) => chunk_id)).toContain(passage?.chunkId);
  });

  test.each([
    'Who painted Las Meninas?',
    'What is the capital of Mongolia?',
    'When did the Roman Empire fall?',
    'How do I bake sourdough bread?',
    'How many planets are there?',
    'xylophone',
    'the of and',
  ])('has no passage for %j, which no document covers', async (question) => {
    const found = await ask(question);
    expect(found.passages).toEqual([]);
    expect(found.hits).toEqual([]);
  });

  test('does not search for a greeting', async () => {
    expect(await ask('Hello!')).toEqual({
      query: 'Hello!',
      route: 'greeting',
      strategy: 'none',
      hits: [],
      passages: null,
    });
  });

  test('answers what sounds out of scope, when a document covers it', async () => {
    const answered = await ask('What does the weather station measure?');
    expect(answered.route).toBe('factual_qa');
    expect(answered.passages?.[0]?.title).toBe('Weather station');
    expect(await ask('Tell me a joke about penguins')).toMatchObject({ route: 'out_of_scope', passages: [] });
  });

  test('understands a follow-up by the question before', async () => {
    const history = [
      { role: 'user', content: 'How many days of holidays does an employee have?' },
      { role: 'assistant', content: 'Twenty-eight.' },
      { role: 'user', content: 'Are digital goods refunded?' },
      { role: 'assistant', content: 'No.' },
    ];
    const found = await ask('And with the receipt?', history);
    expect(found.route).toBe('conversational');
    expect(found.passages?.some(({ text }) => text.includes('shows the receipt'))).toBe(true);
  });

  test('answers a question about everything from the beginnings', async () => {
    const found = await ask('Give me an overview of my documents');
    expect(found).toMatchObject({ route: 'summarization', strategy: 'lead' });
    expect(new Set(found.passages?.map(({ title }) => title))).toEqual(new Set(['Handbook', 'Weather station']));
  });

  test('keeps to the filter and to the number of passages', async () => {
    const nothing = await ask('How many holidays?', [], { filter: { metadata: { team: 'none' } } });
    expect(nothing.passages).toEqual([]);
    expect((await ask('employee days holidays refunds', [], { topK: 1 })).passages).toHaveLength(1);
  });

  test('does not look into a neighbour’s documents', async () => {
    const neighbour = principalIn(await makeTenant(db.database));
    const context = { tenant: neighbour.tenant, signal: new AbortController().signal };
    const found = await app.documents.retrieve(context, 'How many days of holidays does an employee have?', []);
    expect(found.passages).toEqual([]);
    expect((await app.documents.retrieve(context, 'Give me an overview', [])).passages).toEqual([]);
  });
});
