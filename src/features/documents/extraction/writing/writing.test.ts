import { describe, expect, it } from 'vitest';
import { DocumentWriter } from './document-writer.ts';
import { type TableOptions, tableBlocks } from './table-rows.ts';
import { oneLine, tidyText } from './tidy-text.ts';

const table = (rows: string[][], options: TableOptions = {}): string[] =>
  [...tableBlocks(rows, options)].map(({ kind, text }) => `${kind}: ${text}`);

describe('tidyText', () => {
  it.each([
    ['a\r\nb\rc\u2028d\u0085e', 'a\nb\nc\nd\ne'],
    ['\n\n  indented \t\n\n last  \n', '  indented\n\n last'],
    ['nul\u0000 bell\u0007 soft\u00adhyphen \u202eoverride \ufeffmark', 'nul bell softhyphen override mark'],
    ['a\u00a0b\u3000c', 'a b c'],
    ['e\u0301 \ud83d \ude00', 'é \ufffd \ufffd'],
    [' \n\t\n', ''],
  ])('%j → %j', (source, tidy) => {
    expect(tidyText(source)).toBe(tidy);
  });

  it.each([' ', '\n', ' \n', '\t'])('takes linear time on two million %j', (unit) => {
    const before = performance.now();
    expect(tidyText(`a${unit.repeat(2_000_000)}b`)).toMatch(/^a[\s\S]*b$/);
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  it('puts everything on one line', () => {
    expect(oneLine(' a\n b\t c ')).toBe('a b c');
  });
});

describe('tableBlocks', () => {
  it('gives a head its rule, and repeats it so that a row is understood where it stands', () => {
    const rows = [
      ['Item', 'Price'],
      ...Array.from({ length: 200 }, (_, index) => [`Part number ${index}`, `${index}.50`]),
    ];
    const blocks = table(rows);
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.every((block) => block.startsWith('table: | Item | Price |\n| --- | --- |\n| Part number'))).toBe(
      true,
    );
    expect(blocks.every((block) => block.length < 1_200)).toBe(true);
    expect(blocks.join('\n').match(/Part number/g)).toHaveLength(200);
  });

  it('takes a lone cell above for a caption, an empty row for a border, a cell of prose for layout', () => {
    const prose = 'A long cell. '.repeat(200).trim();
    expect(table([['Prices'], ['a', 'b'], ['1', '2'], [], ['x', '9'], ['y', '8']])).toEqual([
      'paragraph: Prices',
      'table: | a | b |\n| --- | --- |\n| 1 | 2 |',
      'table: | x | 9 |\n| y | 8 |',
    ]);
    expect(
      table([
        ['side', prose],
        ['1', '2'],
      ]),
    ).toEqual(['paragraph: side', `paragraph: ${prose}`, 'table: | 1 | 2 |']);
  });

  it('knows a head by its words, unless it is told', () => {
    expect(
      table([
        ['1', '2'],
        ['3', '4'],
      ]),
    ).toEqual(['table: | 1 | 2 |\n| 3 | 4 |']);
    expect(table([['a', 'b']])).toEqual(['table: | a | b |']);
    expect(
      table(
        [
          ['a', 'b'],
          ['c', 'd'],
        ],
        { hasHead: false },
      ),
    ).toEqual(['table: | a | b |\n| c | d |']);
    expect(table([['Name', 'Age'], [], ['Ann', '7']])).toEqual(['table: | Name | Age |\n| --- | --- |\n| Ann | 7 |']);
  });

  it('drops empty margins but never a cell', () => {
    const rows = [...Array.from({ length: 14 }, (_, index) => ['', '', `n${index}`, '5', '']), ['far left', '', 'x']];
    const text = table(rows).join('\n');
    expect(text).toContain('| n13 | 5 |');
    expect(text).toContain('far left');
  });
});

describe('DocumentWriter', () => {
  it('parts blocks by an empty line and items by a line end', () => {
    const writer = new DocumentWriter(1_000);
    writer.heading(1, 'Title\nof two lines');
    writer.paragraph('  ');
    writer.listItem('one\nmore');
    writer.listItem('two', { depth: 1, mark: '2.' });
    writer.page = 4;
    writer.code('  x = 1');
    const document = writer.finish('test');
    expect(document.text).toBe('Title of two lines\n\n- one\n  more\n  2. two\n\n  x = 1');
    expect(document.blocks.map(({ kind, page }) => [kind, page])).toEqual([
      ['heading', null],
      ['list', null],
      ['code', 4],
    ]);
    expect(document.title).toBe('Title of two lines');
  });

  it('refuses more text than it may hold', () => {
    const writer = new DocumentWriter(10);
    writer.paragraph('12345678');
    expect(() => writer.paragraph('1')).toThrow(expect.objectContaining({ failure: 'too-large' }));
  });
});
