import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture, outline, read } from './fixtures/read.ts';

const TABLE = [
  '| Model | Flow | Head |',
  '| --- | --- | --- |',
  '| P-100 | 40 l/min | 12 m static |',
  '| P-200 |  | 25 m |',
].join('\n');

describe('the handbook in each format of word processors', () => {
  it.each(['docx', 'odt', 'doc', 'rtf'])('%s: structure and everything that stands beside the text', async (format) => {
    const document = await read(fixture(`handbook.${format}`), { filename: `handbook.${format}` });
    const blocks = outline(document);
    expect(document.title).toBe('Handbook of Pumps');
    expect(blocks).toEqual(
      expect.arrayContaining(['h1: Choosing a pump', 'h2: Flow rates', 'h1: Maintenance', `table: ${TABLE}`]),
    );
    expect(document.text).toContain(
      'Ünïcödé: Größe, naïve, 東京都, Привет, مرحبا, 𠮷.   Spaces\tand tabs\nand breaks.',
    );
    for (const words of ['Impellers are made of bronze.', 'Check this claim.', 'Text inside the frame.']) {
      expect(document.text.split(words)).toHaveLength(2);
    }
    expect(document.text).toContain('Header of the handbook');
    expect(document.text).toContain('Footer of the handbook');
    expect(document.text).toContain('Visit the manual online every year.');
    expect(document.text).not.toContain('HYPERLINK');
  });

  it.each(['docx', 'odt', 'rtf'])('%s: lists with the marks that a reader sees', async (format) => {
    const lists = outline(await read(fixture(`handbook.${format}`))).filter((block) => block.startsWith('list:'));
    expect(lists.join('\n')).toMatch(
      /- First bullet\n *- Nested bullet\n- Second bullet\n1\. Open the valve\n2\. Start the motor$/,
    );
  });

  it('counts footnotes as the document shows them', async () => {
    const { text } = await read(fixture('handbook.docx'));
    expect(text).toContain('spinning impeller.[1] It needs priming');
    expect(text).toContain('[1] Impellers are made of bronze.');
  });

  it('pdf: pages, headings, rows and joined lines', async () => {
    const document = await read(fixture('handbook.pdf'));
    const blocks = outline(document);
    expect(document.pageCount).toBe(1);
    expect(document.blocks.every(({ page }) => page === 1)).toBe(true);
    expect(blocks).toEqual(
      expect.arrayContaining([
        'h1: Choosing a pump',
        'h2: Flow rates',
        'h1: Maintenance',
        'paragraph: After the table.',
      ]),
    );
    expect(document.text).toContain('P-100\t40 l/min\t12 m');
  });

  it('epub: the chapters of the spine', async () => {
    const document = await read(fixture('handbook.epub'));
    expect(document.title).toBe('Handbook of Pumps');
    expect(outline(document)).toEqual(expect.arrayContaining([`table: ${TABLE}`, 'paragraph: After the table.']));
  });
});

describe('the workbook in each format', () => {
  it.each(['xlsx', 'xls', 'ods'])('%s: sheets, values as they are shown, repeated cells, remarks', async (format) => {
    const document = await read(fixture(`prices.${format}`));
    const blocks = outline(document);
    expect(document.pageCount).toBe(3);
    expect(blocks.slice(0, 3)).toEqual([
      'h2: Prices 2024',
      'paragraph: Price list',
      [
        'table: | Item | Price | Since | Share | Sum |',
        '| --- | --- | --- | --- | --- |',
        '| Žluťoučký kůň 東京 | 12.35 | 2024-03-05 | 12.5% | 24.7 |',
        '| Bolt | 1000000 |  | 1 | bolts |',
      ].join('\n'),
    ]);
    expect(document.text).toContain('A remark on bolts');
    expect(document.text).toContain('| twice | twice | -3 |\n| rep | 0.1 |\n| rep | 0.1 |\n| rep | 0.1 |');
    expect(document.blocks.at(-1)?.page).toBe(3);
    expect(document.text).not.toContain('Empty');
  });
});

describe('the presentation in each format', () => {
  it.each(['pptx', 'odp'])('%s: slides as pages, lists, tables, notes', async (format) => {
    const document = await read(fixture(`results.${format}`));
    expect(document.pageCount).toBe(2);
    expect(document.text).toContain('- Sales grew by 7 %\n  - mostly in Größe\n- Costs fell');
    expect(document.text).toContain('A shape with text');
    expect(document.text).toContain('Notes: Remember to thank the team.');
    expect(document.text).toContain('| Region | Sales |\n| --- | --- |\n| North | 120 |');
    const second = document.blocks.find(({ start }) => document.text.startsWith('Second slide', start));
    expect(second?.page).toBe(2);
  });
});

describe('what every document keeps', () => {
  it('has clean text and blocks in order that cover all of it, whatever bytes come', async () => {
    const piece = fc.constantFrom(
      '# A\n',
      '\n\n',
      '- b\n',
      'c\u0000d',
      'e\u0301',
      '\ud800',
      '| x | y |\n',
      '|---|---|\n',
      '```\n',
      '\r\n',
      '<p>',
      '{"a":',
      '\u202e',
      ' \t ',
      '\u00ad',
      '1. f\n',
    );
    const names = fc.constantFrom('a.md', 'a.txt', 'a.html', 'a.json', 'a.csv', 'a');
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), names, async (pieces, filename) => {
        const document = await read(`words ${pieces.join('')}`, { filename }).catch(() => null);
        if (!document) return;
        const { text, blocks } = document;
        expect(text.isWellFormed()).toBe(true);
        expect(text).toBe(text.normalize('NFC'));
        expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
        let end = 0;
        for (const block of blocks) {
          expect(text.slice(end, block.start).trim()).toBe('');
          expect(block.end).toBeGreaterThan(block.start);
          end = block.end;
        }
        expect(text.slice(end)).toBe('');
      }),
      { numRuns: 300 },
    );
  });
});
