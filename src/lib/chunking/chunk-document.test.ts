import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block, BlockKind } from './block.ts';
import { type Chunk, chunkDocument } from './chunk-document.ts';

type Part = { kind: BlockKind; source: string; level?: number; page?: number };

/** A document whose blocks are the parts, with an empty line between them. */
function documentOf(...parts: Part[]): { text: string; blocks: Block[] } {
  const blocks: Block[] = [];
  let text = '';
  for (const { kind, source, level = kind === 'heading' ? 1 : 0, page } of parts) {
    if (text !== '') text += '\n\n';
    blocks.push({ kind, start: text.length, end: text.length + source.length, level, page: page ?? null });
    text += source;
  }
  return { text, blocks };
}

const heading = (source: string, level = 1): Part => ({ kind: 'heading', source, level });
const paragraph = (source: string, page?: number): Part => ({ kind: 'paragraph', source, ...(page ? { page } : {}) });
const sentences = (count: number, word = 'word'): string =>
  Array.from({ length: count }, (_, index) => `Sentence ${index} has the ${word} in it.`).join(' ');

function expectExactSpans(text: string, chunks: readonly Chunk[]): void {
  for (const [position, chunk] of chunks.entries()) {
    expect(chunk.index).toBe(position);
    expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
    expect(chunk.start).toBeGreaterThanOrEqual(chunks[position - 1]?.end ?? 0);
    expect(chunk.text.trimEnd()).toBe(chunk.text);
    expect(chunk.text.startsWith('\n')).toBe(false);
    expect(chunk.text).not.toBe('');
  }
}

describe('chunkDocument', () => {
  it('gives nothing for a document of white space', () => {
    expect(chunkDocument({ text: '', blocks: [] })).toEqual([]);
    expect(chunkDocument({ text: ' \n\n ', blocks: [] })).toEqual([]);
  });

  it('keeps a heading with what it heads and gives the path to it', () => {
    const body = sentences(20);
    const document = documentOf(
      heading('Guide'),
      heading('Install', 2),
      paragraph(body),
      heading('Use', 2),
      paragraph(body),
    );
    const chunks = chunkDocument(document);
    expect(chunks.map(({ headingPath }) => headingPath)).toEqual([
      ['Guide', 'Install'],
      ['Guide', 'Use'],
    ]);
    expect(chunks[0]?.text.startsWith('Guide\n\nInstall\n\nSentence 0')).toBe(true);
    expect(chunks[1]?.text.startsWith('Use\n\nSentence 0')).toBe(true);
  });

  it('joins tiny sections and names what their paths share', () => {
    const document = documentOf(
      heading('Terms'),
      heading('Chunk', 2),
      paragraph('A piece.'),
      heading('Hit', 2),
      paragraph('A result.'),
    );
    const chunks = chunkDocument(document);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.headingPath).toEqual(['Terms']);
  });

  it('cuts a long paragraph into even parts at the ends of sentences', () => {
    const chunks = chunkDocument(documentOf(heading('Long'), paragraph(sentences(100))));
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks) {
      expect(chunk.text.endsWith('.')).toBe(true);
      expect(chunk.text.length).toBeGreaterThan(600);
      expect(chunk.text.length).toBeLessThan(1_500);
      expect(chunk.headingPath).toEqual(['Long']);
    }
  });

  it('prefers the end of a paragraph to the end of a sentence', () => {
    const chunks = chunkDocument(documentOf(...Array.from({ length: 12 }, () => paragraph(sentences(8)))));
    expect(chunks.every(({ text }) => text.startsWith('Sentence 0') && text.includes('Sentence 7'))).toBe(true);
  });

  it('cuts tables between rows and code between lines, and keeps indentation', () => {
    const rows = Array.from({ length: 80 }, (_, index) => `| item ${index} | a price of ${index}.00 euros |`);
    const table = ['| name | price |', '| --- | --- |', ...rows].join('\n');
    const code = Array.from({ length: 90 }, (_, index) => `    call(${index}, "an argument with spaces");`).join('\n');
    const document = documentOf({ kind: 'table', source: table }, { kind: 'code', source: code });
    const chunks = chunkDocument(document);
    expect(chunks[0]?.text.startsWith('| name | price |\n| --- | --- |\n| item 0 |')).toBe(true);
    const lines = chunks.flatMap(({ text }) => text.split('\n')).filter((line) => line !== '');
    const whole = new Set(document.text.split('\n').map((line) => line.trim()));
    expect(lines.every((line) => whole.has(line.trim()))).toBe(true);
    expect(chunks.at(-1)?.text).toContain('\n    call(');
  });

  it('says from which page to which a chunk goes', () => {
    const document = documentOf(paragraph(sentences(8), 3), paragraph(sentences(8), 4), paragraph(sentences(60), 5));
    const chunks = chunkDocument(document);
    expect([chunks[0]?.pageStart, chunks[0]?.pageEnd]).toEqual([3, 4]);
    expect([chunks.at(-1)?.pageStart, chunks.at(-1)?.pageEnd]).toEqual([5, 5]);
  });

  it('treats an over-long heading as text that may be cut', () => {
    const chunks = chunkDocument(documentOf(heading(sentences(200))));
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.every(({ headingPath, text }) => headingPath.length === 0 && text.length <= 2_000)).toBe(true);
  });

  it('leaves the chunks of other sections alone when one is edited', () => {
    const section = (name: string, count: number): Part[] => [heading(name), paragraph(sentences(count, name))];
    const before = chunkDocument(documentOf(...section('A', 90), ...section('B', 90), ...section('C', 90)));
    const after = chunkDocument(documentOf(...section('A', 90), ...section('B', 97), ...section('C', 90)));
    const unchanged = (name: string) => (chunks: Chunk[]) =>
      chunks.filter(({ headingPath }) => headingPath[0] === name).map(({ text }) => text);
    expect(unchanged('A')(after)).toEqual(unchanged('A')(before));
    expect(unchanged('C')(after)).toEqual(unchanged('C')(before));
  });

  it('never cuts a surrogate pair or an accent from its letter', () => {
    for (const unit of ['\u{1F600}', 'e\u0301', '\u{1F468}\u200d\u{1F469}']) {
      const chunks = chunkDocument(
        { text: unit.repeat(1_000), blocks: [] },
        { targetCharacters: 100, maxCharacters: 101 },
      );
      expect(chunks.every(({ text }) => text.length % unit.length === 0 && text.isWellFormed())).toBe(true);
    }
  });

  const arbitraryPart = fc.record({
    kind: fc.constantFrom<BlockKind>('heading', 'paragraph', 'list', 'table', 'code'),
    level: fc.integer({ min: 1, max: 6 }),
    page: fc.integer({ min: 1, max: 9 }),
    source: fc
      .array(
        fc.constantFrom(
          'word ',
          'A stop. ',
          '\n',
          '\n\n',
          '| a | b |\n',
          '| --- | --- |\n',
          '  ',
          '漢字。',
          'x'.repeat(90),
          '\u{1F600}',
          '\u00a0',
        ),
        { minLength: 1, maxLength: 60 },
      )
      .map((pieces) => pieces.join('')),
  });

  it('covers all that is not white space, in order, within the sizes, with exact spans', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryPart, { maxLength: 14 }),
        fc.integer({ min: 64, max: 600 }),
        fc.boolean(),
        (parts, maxCharacters, withBlocks) => {
          const { text, blocks } = documentOf(...parts);
          const chunks = chunkDocument(
            { text, blocks: withBlocks ? blocks : [] },
            { targetCharacters: 60, maxCharacters },
          );
          expectExactSpans(text, chunks);
          expect(
            chunks
              .map((chunk) => chunk.text)
              .join('')
              .replace(/\s/g, ''),
          ).toBe(text.replace(/\s/g, ''));
          expect(chunks.every((chunk) => chunk.end - chunk.start <= maxCharacters)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('chunks ten million characters and comes to an end, paragraphs long or short', () => {
    for (const paragraphSentences of [5, 5_000]) {
      const source = sentences(paragraphSentences);
      const parts = Array.from({ length: Math.ceil(10_000_000 / source.length) }, (_, index) =>
        index % 20 === 0 ? heading(`Part ${index}`, 2) : paragraph(source),
      );
      const document = documentOf(...parts);
      const before = performance.now();
      const chunks = chunkDocument(document);
      expect(performance.now() - before).toBeLessThan(15_000);
      expect(chunks.length).toBeGreaterThan(5_000);
    }
  });
});
