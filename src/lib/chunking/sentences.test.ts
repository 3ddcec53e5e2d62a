import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitSentences } from './sentences.ts';

const split = (text: string): string[] => splitSentences(text).map(({ start, end }) => text.slice(start, end));

describe('splitSentences', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' \n\t ', []],
    ['One. Two! Three?', ['One.', 'Two!', 'Three?']],
    ['Dr. Smith met Mr. J. R. Tolkien. They spoke.', ['Dr. Smith met Mr. J. R. Tolkien.', 'They spoke.']],
    [
      'It costs 3.50 USD. See example.com/a.b for v1.2.3 now.',
      ['It costs 3.50 USD.', 'See example.com/a.b for v1.2.3 now.'],
    ],
    ['Fruit, e.g. Apples, i.e. Red ones. Done.', ['Fruit, e.g. Apples, i.e. Red ones.', 'Done.']],
    [
      'See Fig. 3 and No. 5 of Vol. II. I said no. Then I left.',
      ['See Fig. 3 and No. 5 of Vol. II.', 'I said no.', 'Then I left.'],
    ],
    [
      'The U.S. Army came. He lives in the U.S. The army left.',
      ['The U.S. Army came.', 'He lives in the U.S.', 'The army left.'],
    ],
    [
      'Pens, ink, etc. were sold. Pens, ink, etc. Nothing else.',
      ['Pens, ink, etc. were sold.', 'Pens, ink, etc.', 'Nothing else.'],
    ],
    ['“Why?” he asked. “Go!” She went.', ['“Why?” he asked.', '“Go!”', 'She went.']],
    ['(It ended.) Then more.', ['(It ended.)', 'Then more.']],
    ['Wait... what? Yes… No.', ['Wait... what?', 'Yes…', 'No.']],
    ['Am 3. Oktober 1990 war es so. Z.B. in Berlin.', ['Am 3. Oktober 1990 war es so.', 'Z.B. in Berlin.']],
    ['In 2019. The next year.', ['In 2019.', 'The next year.']],
    [
      '吾輩は猫である。名前はまだ無い。「そうか。」と言った！',
      ['吾輩は猫である。', '名前はまだ無い。', '「そうか。」と言った！'],
    ],
    ['मैं घर गया। वह आया।', ['मैं घर गया।', 'वह आया।']],
    ['كيف حالك؟ أنا بخير.', ['كيف حالك؟', 'أنا بخير.']],
    [
      'Это т.е. пример. Второе предложение и т.д. Третье.',
      ['Это т.е. пример.', 'Второе предложение и т.д.', 'Третье.'],
    ],
    ['A heading\n\nA line that\ngoes on. End', ['A heading', 'A line that\ngoes on.', 'End']],
    ['1. First thing\n2. Second thing\n- third', ['1. First thing', '2. Second thing', '- third']],
    ['no stop at all', ['no stop at all']],
  ])('splits %j', (text, sentences) => {
    expect(split(text)).toEqual(sentences);
  });

  it('keeps every character that is not white space, in order', () => {
    const piece = fc.constantFrom(
      '.',
      '!',
      ' ',
      '\n',
      '\n\n',
      'Dr',
      'a',
      'B',
      '。',
      '”',
      '3',
      '- ',
      '\u{1F600}',
      '\u3000',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
        const text = pieces.join('');
        const spans = splitSentences(text);
        expect(spans.every((span, index) => span.start < span.end && span.start >= (spans[index - 1]?.end ?? 0))).toBe(
          true,
        );
        expect(split(text).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        expect(split(text).every((sentence) => sentence === sentence.trim())).toBe(true);
      }),
    );
  });

  it.each([
    ['stops', '.'.repeat(1_000_000)],
    ['stops and spaces', '. '.repeat(500_000)],
    ['line breaks', '\n \n'.repeat(400_000)],
    ['one word', 'a'.repeat(1_000_000)],
    ['openers', `. ${'('.repeat(1_000_000)}`],
    ['closers', `.${')'.repeat(1_000_000)}`],
  ])('takes linear time on a million %s', (_name, text) => {
    const before = performance.now();
    splitSentences(text);
    expect(performance.now() - before).toBeLessThan(15_000);
  });
});
