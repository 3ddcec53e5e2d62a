import { describe, expect, it } from 'vitest';
import { buildPdf, pageOf } from '../../fixtures/build-pdf.ts';
import { outline, read } from '../../fixtures/read.ts';

const at = (x: number, y: number, text: string, size = 11): string => `BT /F1 ${size} Tf ${x} ${y} Td (${text}) Tj ET`;
const body = [
  'The pump moves the water from the well to the house without any inter-',
  'ruption, which is why a state-of-the-',
  'art motor is needed. It should never run dry, because that would break',
  'the seals.',
  'A second paragraph starts where the first ended before the margin was hit',
  'and goes on here.',
];

describe('PDF', () => {
  it('puts lines together to paragraphs, and hyphenated words to words', async () => {
    const blocks = outline(await read(buildPdf([pageOf(...body)])));
    expect(blocks).toHaveLength(2);
    expect(blocks[0]).toContain('without any interruption, which is why a state-of-the-art motor');
    expect(blocks[0]?.endsWith('the seals.')).toBe(true);
  });

  it('keeps a hyphen that the word has elsewhere too', async () => {
    const lines = ['A just-in-time compiler, or the co-operation of several of them, is a co-', 'operation.'];
    expect((await read(buildPdf([pageOf(...lines)]))).text).toContain('is a co-operation.');
  });

  it('finds headings by their size, and at the size of the text by font and words', async () => {
    const page = pageOf(
      { text: 'Handbook of Pumps', font: 'F1', size: 24 },
      { text: 'Choosing', font: 'F1', size: 16 },
      ...body,
      { text: '1.2 Installation', font: 'F2', size: 11 },
      ...body,
      { text: 'Only bold words here', font: 'F2', size: 11 },
      ...body,
    );
    const headings = outline(await read(buildPdf([page]))).filter((block) => block.startsWith('h'));
    expect(headings).toEqual(['h1: Handbook of Pumps', 'h2: Choosing', 'h4: 1.2 Installation']);
  });

  it('keeps the columns of a row apart and its rows together', async () => {
    const rows = ['Model Flow Head', 'P-1 40 12', 'P-2 60 25'].map((row, index) =>
      row
        .split(' ')
        .map((cell, column) => at(72 + column * 120, 700 - index * 14, cell))
        .join('\n'),
    );
    expect(outline(await read(buildPdf([rows.join('\n')])))).toEqual([
      'table: Model\tFlow\tHead\nP-1\t40\t12\nP-2\t60\t25',
    ]);
  });

  it('reads columns one after the other, going on in mid-sentence', async () => {
    const left = ['The left column has a sentence that', 'is not finished at its end but in'].map((line, index) =>
      at(72, 700 - index * 14, line),
    );
    const right = ['the right column, where it ends.', 'Then another one follows it there.'].map((line, index) =>
      at(320, 700 - index * 14, line),
    );
    const { text } = await read(buildPdf([[...left, ...right].join('\n')]));
    expect(text).toContain('at its end but in the right column, where it ends.');
  });

  it('shows what is repeated on every page only once', async () => {
    const pages = Array.from(
      { length: 6 },
      (_, index) => `${at(72, 770, 'Annual report')}\n${pageOf(...body)}\n${at(300, 30, `Page ${index + 1} of 6`)}`,
    );
    const { text, pageCount } = await read(buildPdf(pages));
    expect(pageCount).toBe(6);
    expect(text.match(/Annual report/g)).toHaveLength(1);
    expect(text.match(/Page \d of 6/g)).toHaveLength(1);
    expect(text.match(/the seals/g)).toHaveLength(6);
  });

  it('knows the items of lists', async () => {
    const lines = [
      'Before you start:',
      '1. Open the valve',
      '2. Start the motor and wait until it',
      'turns at full speed',
      '- mind the noise',
    ];
    expect(outline(await read(buildPdf([pageOf(...lines)])))).toEqual([
      'paragraph: Before you start:',
      'list: 1. Open the valve',
      'list: 2. Start the motor and wait until it turns at full speed',
      'list: - mind the noise',
    ]);
  });

  it('warns of a page that cannot be read and gives the others', async () => {
    const whole = Buffer.from(
      buildPdf([pageOf('First page.'), pageOf('Second page.'), pageOf('Third page.')]),
    ).toString('latin1');
    const broken = whole.replace('7 0 obj\n<</Type/Page', '7 0 obj\n[[/Type/Page');
    const document = await read(Buffer.from(broken, 'latin1'));
    expect(document.text).toContain('First page.');
    expect(document.text).not.toContain('Second page.');
  });
});
