import { deflateSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { bomb, buildDocx, buildZip } from '../../../../test/support/build-zip.ts';
import type { ExtractionInput, ExtractionResult } from './extracted-document.ts';
import { buildPdf, pageOf } from './fixtures/build-pdf.ts';
import { fixture } from './fixtures/read.ts';
import { createTextExtractor } from './text-extractor.ts';

const MEGABYTE = 1024 ** 2;
/** Unpacks to far more than a file may. */
const BOMB = bomb(300 * MEGABYTE);

function file(source: string | Uint8Array, filename: string | null = null): ExtractionInput {
  return { bytes: typeof source === 'string' ? Buffer.from(source) : source, filename, declaredType: null };
}

function failureOf(result: ExtractionResult): string {
  return result.ok ? `text: ${result.document.text.slice(0, 50)}` : result.failure;
}

function textOf(result: ExtractionResult): string {
  return result.ok ? result.document.text : `${result.failure}: ${result.detail}`;
}

describe('extractText', () => {
  const extractor = createTextExtractor({ limits: { memoryBytes: 400 * MEGABYTE } });
  afterAll(() => extractor.close());

  it('answers with the document, its blocks and its pages', async () => {
    const result = await extractor.extractText(file(buildPdf([pageOf('Hello there.'), pageOf('Second page.')])));
    expect(result).toEqual({
      ok: true,
      document: {
        text: 'Hello there.\n\nSecond page.',
        blocks: [
          { kind: 'paragraph', start: 0, end: 12, level: 0, page: 1 },
          { kind: 'paragraph', start: 14, end: 26, level: 0, page: 2 },
        ],
        title: null,
        pageCount: 2,
        format: 'pdf',
        warnings: [],
      },
    });
  });

  it('takes a file for what it is, not for what it is called', async () => {
    expect(textOf(await extractor.extractText(file('Just words.', 'report.pdf')))).toBe('Just words.');
    expect(textOf(await extractor.extractText(file(fixture('handbook.docx'), 'notes.txt')))).toContain(
      'Choosing a pump',
    );
  });

  it.each<[string, ExtractionInput, string, RegExp]>([
    ['an empty file', file(''), 'empty', /0 bytes/],
    ['a file of white space', file(' \n '), 'empty', /no text/],
    ['a PDF without text', file(buildPdf(['0 0 m 9 9 l S'])), 'empty', /OCR/],
    ['a locked PDF', file(fixture('locked.pdf')), 'password-protected', /Remove the password and upload it again/],
    ['a PDF cut off at its head', file('%PDF-1.7\n1 0 obj\n<</Type'), 'damaged', /save it anew/],
    [
      'a Word document that is no zip',
      file('PK\u0003\u0004 and then nothing', 'a.docx'),
      'damaged',
      /upload that copy/,
    ],
    ['a picture', file(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), 'a.txt'), 'unsupported-type', /JPEG/],
    ['a Word document that is a zip bomb', file(bombDocx(), 'a.docx'), 'too-large', /unpacks to far more/],
    ['a workbook that is a zip bomb', file(bombXlsx(), 'a.xlsx'), 'too-large', /unpacks to far more/],
    ['a presentation that is a zip bomb', file(bombPptx(), 'a.pptx'), 'too-large', /unpacks to far more/],
  ])('refuses %s with a sentence for a person', async (_name, input, failure, detail) => {
    const result = await extractor.extractText(input);
    expect(failureOf(result)).toBe(failure);
    expect(result.ok ? '' : result.detail).toMatch(detail);
    expect(result.ok ? '' : result.detail).toMatch(/[.]$/);
  });

  it('expands no entities and loads none', async () => {
    const names = 'abcdefghij';
    const entities = [...names].map(
      (name, index) => `<!ENTITY ${name} "${`&${names[index - 1] ?? 'lol'};`.repeat(10)}">`,
    );
    const laughs = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY lol "lol">${entities.join('')}<!ENTITY file SYSTEM "file:///etc/passwd">]><x>start &j; &file; end</x>`;
    const text = textOf(await extractor.extractText(file(laughs, 'a.xml')));
    expect(text.length).toBeLessThan(100);
    expect(text).toMatch(/^start .* end$/);
  });

  it('keeps the text of markup nested a million deep', async () => {
    const result = await extractor.extractText(file(`<p>first</p>${'<div>'.repeat(1_000_000)}last`, 'a.html'));
    expect(textOf(result)).toMatch(/^first\s+last$/);
    expect(result.ok && result.document.warnings).toHaveLength(1);
  });

  it('reads plain text as large as an upload may be', async () => {
    const result = await extractor.extractText(
      file('The quick brown fox jumps over the lazy dog.\n'.repeat(1_100_000)),
    );
    expect(result.ok && result.document.text.length).toBeGreaterThan(49_000_000);
  });

  it('refuses more text than the limit', async () => {
    const result = await extractor.extractText(file('a word '.repeat(10_000)), { limits: { maxCharacters: 50_000 } });
    expect(failureOf(result)).toBe('too-large');
  });
});

function bombDocx(): Uint8Array {
  return buildDocx('', { 'word/document.xml': BOMB });
}

function bombXlsx(): Uint8Array {
  return buildZip({ 'xl/workbook.xml': BOMB });
}

function bombPptx(): Uint8Array {
  return buildZip({ 'ppt/presentation.xml': BOMB });
}

describe('the reading process', () => {
  it('is killed when a file takes too much memory, and replaced', async () => {
    const extractor = createTextExtractor({ limits: { memoryBytes: 250 * MEGABYTE } });
    const stream = deflateSync(Buffer.alloc(500 * MEGABYTE, ' '), { level: 1 });
    const results = await Promise.all([
      extractor.extractText(file('before')),
      extractor.extractText(file(buildPdf([stream]))),
      extractor.extractText(file('after')),
    ]);
    expect(results.map(failureOf)).toEqual(['text: before', 'out-of-memory', 'text: after']);
    extractor.close();
  });

  it('is killed when a file takes too long, and replaced', async () => {
    const extractor = createTextExtractor();
    const slow = file(buildPdf([`BT /F1 9 Tf ${'1 1 Td (Hello) Tj '.repeat(2_000_000)} ET`]));
    const result = await extractor.extractText(slow, { limits: { timeoutMs: 500 } });
    expect(failureOf(result)).toBe('timeout');
    expect(result.ok ? '' : result.detail).toMatch(/Split it/);
    expect(textOf(await extractor.extractText(file('after')))).toBe('after');
    extractor.close();
  });

  it('is used again for the next file, and ended when idle', async () => {
    const extractor = createTextExtractor({ idleMs: 50 });
    await extractor.extractText(file('one'));
    const first = extractor.processIds();
    await extractor.extractText(file('two'));
    expect(extractor.processIds()).toEqual(first);
    expect(first).toHaveLength(1);
    await vi.waitFor(() => expect(extractor.processIds()).toEqual([]));
    expect(textOf(await extractor.extractText(file('three')))).toBe('three');
    extractor.close();
  });

  it('is as many as were asked for, never more', async () => {
    const extractor = createTextExtractor({ processes: 2 });
    const reads = ['a', 'b', 'c', 'd', 'e'].map((text) => extractor.extractText(file(text)));
    await vi.waitFor(() => expect(extractor.processIds()).toHaveLength(2));
    expect((await Promise.all(reads)).map(textOf)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(extractor.processIds()).toHaveLength(2);
    extractor.close();
  });

  it('stops for the caller’s signal, waiting or reading, and goes on with the next file', async () => {
    const extractor = createTextExtractor();
    const controller = new AbortController();
    const slow = file(buildPdf([`BT /F1 9 Tf ${'1 1 Td (Hello) Tj '.repeat(2_000_000)} ET`]));
    const reading = extractor.extractText(slow, { signal: controller.signal });
    const waiting = extractor.extractText(file('waits'), { signal: controller.signal });
    const next = extractor.extractText(file('next'));
    controller.abort(new Error('no longer wanted'));
    await expect(reading).rejects.toThrow('no longer wanted');
    await expect(waiting).rejects.toThrow('no longer wanted');
    expect(textOf(await next)).toBe('next');
    await expect(extractor.extractText(slow, { signal: controller.signal })).rejects.toThrow('no longer wanted');
    extractor.close();
  });

  it('rejects what is under way when the extractor is closed', async () => {
    const extractor = createTextExtractor();
    const reading = extractor.extractText(file('words'));
    extractor.close();
    await expect(reading).rejects.toThrow('closed');
    await expect(extractor.extractText(file('words'))).rejects.toThrow('closed');
  });

  it('says to the operator, not to the uploader, that it cannot start', async () => {
    const extractor = createTextExtractor({ limits: { memoryBytes: 3 * MEGABYTE } });
    await expect(extractor.extractText(file('words'))).rejects.toThrow('could not start');
    extractor.close();
  });
});
