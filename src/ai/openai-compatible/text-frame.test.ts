import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { chunkReader } from './chat-chunks.ts';
import { inOnePiece, said, stop } from './fake-turn.ts';
import { textFrame } from './text-frame.ts';

const contentOf = (chunk: unknown) =>
  (chunk as { choices?: { delta: { content?: unknown } }[] }).choices?.[0]?.delta.content;

/** What servers write around a text, some of it like a text itself. */
const surroundings: fc.Arbitrary<(content: string) => object> = fc.oneof(
  fc.constant((content: string) => ({ id: 'a', choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
  fc.constant((content: string) => ({ choices: [{ delta: { role: 'assistant', content } }], usage: null })),
  fc.constant((content: string) => ({ content: 'x', note: '"content":"x"', choices: [{ delta: { content } }] })),
  fc.constant((content: string) => ({ choices: [{ delta: { reasoning: { content: 'x' }, content } }] })),
  fc.string().map((padding) => (content: string) => ({ choices: [{ delta: { content } }], obfuscation: padding })),
);
const texts = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('x', ' word', '"', '\\', '\n', '","', '"}}]}', 'content":"x'),
);
const spaces = fc.constantFrom(undefined, 1);

test('a text is read as if each chunk had been parsed, whatever surrounds it', () => {
  const chunk = fc.tuple(surroundings, texts, spaces);
  const alike = fc.tuple(surroundings, fc.array(texts, { maxLength: 8 }), spaces);
  const stream = fc.oneof(
    fc.array(chunk, { maxLength: 12 }),
    alike.map(([around, contents, space]) => contents.map((content) => [around, content, space] as const)),
  );
  fc.assert(
    fc.property(stream, (chunks) => {
      const reader = chunkReader('openai');
      const events: Parameters<typeof reader.read>[1] = [];
      for (const [around, content, space] of chunks) reader.read(JSON.stringify(around(content), null, space), events);
      reader.read(JSON.stringify(stop), events);
      const text = chunks.map(([, content]) => content).join('');
      const finish = { type: 'finish', reason: 'stop', usage: null };
      expect(inOnePiece([...events, ...reader.finish()])).toEqual(text === '' ? [finish] : [said(text), finish]);
    }),
    { numRuns: 500 },
  );
});

test('chunks that differ in their text only are parsed once; where each is padded anew, it is soon given up', () => {
  const parse = vi.spyOn(JSON, 'parse');
  const parsedOf = (payloads: readonly string[]) => {
    const frame = textFrame(contentOf);
    parse.mockClear();
    const found = payloads.map((payload, index) => {
      const text = frame.textIn(payload);
      if (text === null) frame.learn(payload, `word${index}`);
      return text;
    });
    return { found: found.filter((text) => text !== null).length, parsed: parse.mock.calls.length };
  };
  const chunks = (padding: (index: number) => string) =>
    Array.from({ length: 100 }, (_, index) =>
      JSON.stringify({ choices: [{ delta: { content: `word${index}` } }], obfuscation: padding(index) }),
    );
  expect(parsedOf(chunks(() => 'x'))).toEqual({ found: 99, parsed: 1 });
  expect(parsedOf(chunks((index) => `x${index}`))).toEqual({ found: 0, parsed: 4 });
  parse.mockRestore();
});
