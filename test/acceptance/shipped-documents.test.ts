import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extractiveModel } from '../../src/ai/extractive/extractive-model.ts';
import { shipDocuments } from '../../src/app/shipped-documents.ts';
import type { Principal } from '../../src/features/identity/index.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { startDocuments, type TestDocuments } from '../support/documents.ts';
import { makeTenant, principalIn } from '../support/tenants.ts';

/** What newcomers ask first, and what the answer must say. */
const QUESTIONS: readonly [string, RegExp][] = [
  ['What is Parley?', /^Parley is a self-hosted, multi-tenant backend/],
  ['How do I use my own model?', /OPENAI_API_KEY/],
  ['Can I use Ollama?', /OPENAI_BASE_URL=http:\/\/localhost:11434/],
  ['Where is my data stored?', /`\.\/data`.*`DATABASE_URL`/],
  ['How do I upload documents?', /drag files/],
  ['Which file formats can I upload?', /PDF, Word/],
  ['How large may a file be?', /50 MiB/],
  ['What happens to an answer when the server crashes?', /not lost/],
  ['How do I make an API key?', /POST \/v1\/api-keys/],
  ['How do I run it on PostgreSQL?', /DATABASE_URL=postgres/],
  ['What does Parley cost?', /nothing/],
  ['How do I stop an answer?', /press Stop/],
  ['What is a tenant?', /boundary between customers/],
  ['What is the capital of France?', /I found nothing about that/],
];

describe.each(testDatabases())('the documents about Parley on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let started: TestDocuments;
  let principal: Principal;

  beforeAll(async () => {
    db = await open();
    started = await startDocuments(db.database);
    principal = principalIn(await makeTenant(db.database));
    await shipDocuments(started.documents, principal);
    const { data } = await started.documents.service.list(principal, { limit: 100 });
    const outcomes = [];
    for (const { id } of data) outcomes.push(await started.documents.ingest(principal.tenant, id, never()));
    expect(new Set(outcomes)).toEqual(new Set(['ready']));
  });
  afterAll(async () => {
    await started.stop();
    await db.close();
  });

  test.each(QUESTIONS)('answer “%s”', async (question, expected) => {
    const context = { tenant: principal.tenant, signal: never() };
    const { passages } = await started.documents.retrieve(context, question, []);
    const messages = [{ role: 'user' as const, content: question }];
    let answer = '';
    for await (const events of extractiveModel().stream({ instructions: null, messages, passages, signal: never() })) {
      for (const event of events) if (event.type === 'text-delta') answer += event.delta;
    }
    expect(answer).toMatch(expected);
  });
});

function never(): AbortSignal {
  return new AbortController().signal;
}
