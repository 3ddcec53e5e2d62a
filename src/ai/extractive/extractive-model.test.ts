import { describe, expect, it } from 'vitest';
import type { ModelEvent, ModelRequest, Passage } from '../chat-model.ts';
import { extractiveModel } from './extractive-model.ts';

function passage(number: number, text: string): Passage {
  return { number, chunkId: `c${number}`, documentId: 'd', title: 'Handbook', headingPath: [], page: null, text };
}

const sentences = Array.from({ length: 3 }, (_, index) => `Sick pay of group ${index} lasts ${index + 4} weeks.`);
const passages = sentences.map((text, index) => passage(index + 1, text));

async function turn(more: Partial<ModelRequest> = {}) {
  const request: ModelRequest = {
    instructions: null,
    messages: [{ role: 'user', content: 'How many weeks does sick pay last?' }],
    passages,
    signal: new AbortController().signal,
    ...more,
  };
  const events = (await Array.fromAsync(extractiveModel().stream(request))).flat();
  const text = events.map((event) => (event.type === 'text-delta' ? event.delta : '')).join('');
  return { events, text };
}

describe('extractiveModel', () => {
  it('quotes in small pieces, with places and markers', async () => {
    const { events, text } = await turn();
    expect(text).toBe(sentences.map((sentence, index) => `${sentence} [${index + 1}]`).join('\n\n'));
    expect(events.filter(({ type }) => type === 'text-delta').length).toBeGreaterThan(5);
    const quotes = events.filter((event) => event.type === 'quote');
    expect(quotes.map((quote) => text.slice(quote.answerStart, quote.answerEnd))).toEqual(sentences);
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop', usage: { inputTokens: 0, outputTokens: 0 } });
  });

  it('says a quote before it places it', async () => {
    let said = 0;
    for (const event of (await turn()).events) {
      if (event.type === 'text-delta') said += event.delta.length;
      if (event.type === 'quote') expect(event.answerEnd).toBeLessThanOrEqual(said);
    }
  });

  it('says plainly that it found nothing', async () => {
    expect((await turn({ passages: [] })).text).toBe('I found nothing about that in your documents.');
    const messages = [{ role: 'user' as const, content: 'Who painted Las Meninas?' }];
    expect((await turn({ messages })).text).toBe('I found nothing about that in your documents.');
  });

  it('introduces itself where nothing was searched', async () => {
    expect((await turn({ passages: null })).text).toMatch(/^Hello! I answer questions from the documents/);
  });

  it('goes on from any part of its answer, with all quotes', async () => {
    const whole = await turn();
    const quotesOf = (events: readonly ModelEvent[]) => events.filter(({ type }) => type === 'quote');
    for (const length of [0, 1, 30, whole.text.length - 1, whole.text.length]) {
      const rest = await turn({ partialAnswer: whole.text.slice(0, length) });
      expect(rest.text).toBe(whole.text.slice(length));
      expect(quotesOf(rest.events)).toEqual(quotesOf(whole.events));
    }
  });

  it('says when it cannot go on, because the passages are others', async () => {
    await expect(turn({ partialAnswer: 'Something else' })).rejects.toMatchObject({ kind: 'cannot-continue' });
  });

  it('writes no JSON', async () => {
    await expect(turn({ format: { type: 'json' } })).rejects.toMatchObject({ kind: 'bad-request' });
  });

  it('says what was done, and what it remembers', async () => {
    expect((await turn({ memory: { items: [], done: 'I forgot that.' } })).text).toBe('I forgot that.');
    const content = 'My dog is called Rex.';
    const items = [{ kind: 'memory' as const, role: 'user' as const, content, saidAt: '2026-01-02T03:04:05Z' }];
    const messages = [
      { role: 'assistant' as const, content: 'Hello!' },
      { role: 'user' as const, content: 'What is my dog called?' },
    ];
    for (const given of [null, []]) {
      expect((await turn({ messages, passages: given, memory: { items, done: null } })).text).toContain('Rex');
    }
    expect((await turn({ messages: [], passages: null })).text).toMatch(/^Hello!/);
  });

  it('ends with an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(turn({ signal })).rejects.toThrow('enough');
  });
});
