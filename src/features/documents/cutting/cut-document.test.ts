import { expect, test } from 'vitest';
import { chunkDocument } from '../../../lib/chunking/chunk-document.ts';
import { DEFAULT_LIMITS } from '../extraction/extracted-document.ts';
import { readDocument } from '../extraction/read-document.ts';
import { cutDocument } from './cut-document.ts';

const never = new AbortController().signal;

function markdown(sections: number): Promise<{ text: string; blocks: Parameters<typeof chunkDocument>[0]['blocks'] }> {
  const section = (number: number) =>
    `## Part ${number}\n\n${'The quick brown fox jumps over the lazy dog.\n'.repeat(40)}\n| a | b |\n| --- | --- |\n| 1 | 2 |\n`;
  const text = `# Whole\n\n${Array.from({ length: sections }, (_, number) => section(number)).join('\n')}`;
  return readDocument({ bytes: Buffer.from(text), filename: 'whole.md', declaredType: null }, DEFAULT_LIMITS);
}

test.each([3, 300])('a document of %i sections is cut as it would be by itself', async (sections) => {
  const document = await markdown(sections);
  const chunks = await cutDocument(document, never);
  expect(chunks).toEqual(chunkDocument(document));
  expect(chunks.at(-1)?.headingPath).toEqual(['Whole', `Part ${sections - 1}`]);
});

test('while a large one is cut, others are served', { timeout: 60_000 }, async () => {
  const text = 'The quick brown fox jumps over the lazy dog.\n'.repeat(50_000);
  const blocks = [{ kind: 'paragraph' as const, start: 0, end: text.length, level: 0, page: null }];
  let cut = false;
  const cutting = cutDocument({ text, blocks }, never).finally(() => {
    cut = true;
  });
  let turns = 0;
  while (!cut) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect((await cutting).length).toBeGreaterThan(1_000);
  expect(turns).toBeGreaterThan(100);
});

test('an abort ends it', async () => {
  const text = 'The quick brown fox jumps over the lazy dog.\n'.repeat(200_000);
  const stop = new AbortController();
  const cutting = cutDocument({ text, blocks: [] }, stop.signal);
  stop.abort(new Error('enough'));
  await expect(cutting).rejects.toThrow('enough');
  await expect(cutDocument({ text, blocks: [] }, stop.signal)).rejects.toThrow('enough');
});
