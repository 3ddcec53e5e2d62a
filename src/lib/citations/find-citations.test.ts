import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CitablePassage, findCitations } from './find-citations.ts';

const tower: CitablePassage = {
  number: 1,
  title: 'Eiffel Tower',
  text: 'The Eiffel Tower was built from 1887 to 1889 by Gustave Eiffel. It is 330 metres tall and has 1,665 steps. About 75% of its visitors come from abroad.',
};
const bridge: CitablePassage = {
  number: 2,
  title: 'Golden Gate Bridge',
  text: 'The Golden Gate Bridge opened on May 27, 1937. Its main span is 1,280 metres long.',
};
const passages = [tower, bridge];

function cited(answer: string, among: readonly CitablePassage[] = passages) {
  return findCitations(answer, among).map(({ passage, answerStart, answerEnd, quote, supported }) => ({
    passage,
    claim: answer.slice(answerStart, answerEnd),
    quote: among.find(({ number }) => number === passage)?.text.slice(quote.start, quote.end),
    supported,
  }));
}

describe('findCitations: places', () => {
  it.each([
    ['It has 1,665 steps [1].', 'It has 1,665 steps'],
    ['It has 1,665 steps. [1]', 'It has 1,665 steps.'],
    ['It has 1,665 steps.[1] And more.', 'It has 1,665 steps.'],
    ['First words. It has 1,665 steps [1]. Last words.', 'It has 1,665 steps'],
    ['- It has 1,665 steps [1]\n- Something else', 'It has 1,665 steps'],
    ['[1] It has 1,665 steps.', 'It has 1,665 steps.'],
    ['According to [1], it has 1,665 steps.', 'According to    , it has 1,665 steps.'],
    ['It has 1,665 steps 【1†source】.', 'It has 1,665 steps'],
    ['| steps | 1,665 |\n\n[1]', '| steps | 1,665 |'],
  ])('%j vouches for %j', (answer, claim) => {
    const [found] = findCitations(answer, passages);
    expect(found?.passage).toBe(1);
    expect(answer.slice(found?.answerStart, found?.answerEnd).replace('[1]', '   ')).toBe(claim);
  });

  it('quotes the sentence that says it', () => {
    expect(cited('You climb 1,665 steps [1].')[0]?.quote).toBe('It is 330 metres tall and has 1,665 steps.');
    expect(cited('It was finished in 1889 by Gustave Eiffel [1].')[0]?.quote).toBe(
      'The Eiffel Tower was built from 1887 to 1889 by Gustave Eiffel.',
    );
  });

  it('quotes two sentences where the claim draws on both', () => {
    expect(
      cited('Built by Gustave Eiffel from 1887 to 1889, it is 330 metres tall with 1,665 steps [1].')[0]?.quote,
    ).toBe(
      'The Eiffel Tower was built from 1887 to 1889 by Gustave Eiffel. It is 330 metres tall and has 1,665 steps.',
    );
  });

  it.each(['[1][2]', '[1, 2]', '[1,2]', '[1; 2]', '[1-2]', '[1] [2]', '[1–2]'])('reads %s as both', (marker) => {
    expect(cited(`Both are metres long ${marker}.`).map(({ passage }) => passage)).toEqual([1, 2]);
  });

  it('gives each marker of a sentence its clause', () => {
    expect(cited('The tower is 330 metres tall [1], while the main span is 1,280 metres long [2].')).toEqual([
      expect.objectContaining({ passage: 1, claim: 'The tower is 330 metres tall', supported: true }),
      expect.objectContaining({ passage: 2, claim: 'while the main span is 1,280 metres long', supported: true }),
    ]);
  });

  it.each([
    'See `steps[1]` for the steps.',
    '```js\nsteps[1] = 1665;\n```',
    '```\nnever closed [1]',
    'See [1](https://example.com).',
    'Nothing here [7].',
    'An empty list [].',
    '[1]',
    '',
  ])('finds nothing in %j', (answer) => {
    expect(findCitations(answer, passages)).toEqual([]);
  });

  it('drops the unknown number and keeps the known one', () => {
    expect(cited('It has 1,665 steps [9, 1].').map(({ passage }) => passage)).toEqual([1]);
  });
});

describe('findCitations: support', () => {
  it.each([
    'It has 1665 steps [1].',
    'It has 1 665 steps and is 330 metres tall [1].',
    'It is 330 m tall [1].',
    '75 percent of the visitors come from abroad [1].',
    '75 % of the visitors come from abroad [1].',
    'Gustave Eiffel built the tower [1].',
    "Eiffel's tower is tall [1].",
    'The bridge opened on 27 May 1937 [2].',
    'The main span of the Golden Gate Bridge is 1.280 metres long [2].',
    'The bridge opened "on May 27, 1937" [2].',
    'It opened on 1937-05-27, and its span is long [2].',
    'GGB opened in 1937 [2].',
  ])('supports %j', (answer) => {
    expect(cited(answer)).toEqual([expect.objectContaining({ supported: true })]);
  });

  it.each([
    ['another number', 'It has 1,666 steps [1].'],
    ['another year', 'The Eiffel Tower was built from 1887 to 1899 [1].'],
    ['a share of something else', 'About 330% of its visitors come from abroad [1].'],
    ['a name that is not there', 'The tower was built by Alexandre Eiffel [1].'],
    ['a name in capitals', 'The tower was built by NASA [1].'],
    ['a name at the beginning', 'Stephen Sauvestre built the tower [1].'],
    ['a model number', 'The tower was built by the GPT-4 [1].'],
    ['words that were never said', 'The tower "is the tallest in the world" [1].'],
    ['another month', 'The bridge opened on June 27, 1937 [2].'],
    ['the other passage', 'The bridge opened on May 27, 1937 [1].'],
    ['nothing in common', 'Bananas grow best under warm and humid conditions [1].'],
    ['a scale that is not there', 'It has 1,665 million steps [1].'],
  ])('marks %s', (_, answer) => {
    expect(cited(answer)).toEqual([expect.objectContaining({ supported: false })]);
  });

  it('lets passages that are cited side by side vouch together, and not alone', () => {
    const answer = (marker: string) => `The tower is 330 metres tall and the main span 1,280 metres long ${marker}.`;
    expect(cited(answer('[1][2]')).every(({ supported }) => supported)).toBe(true);
    expect(cited(answer('[1]')).some(({ supported }) => supported)).toBe(false);
  });

  it('takes names from the title and the headings', () => {
    const among = [{ number: 1, title: 'Acme Router', headingPath: ['Setup'], text: 'The device needs 12 volts.' }];
    expect(cited('The Acme Router needs 12 volts [1].', among)[0]?.supported).toBe(true);
  });

  it('knows words for numbers and scales in the passage', () => {
    const among = [
      { number: 1, text: 'The company has twelve plants and 3.5 million customers; profit was 0.45 of sales.' },
    ];
    expect(cited('The company has 12 plants [1].', among)[0]?.supported).toBe(true);
    expect(cited('The company has 3,500,000 customers [1].', among)[0]?.supported).toBe(true);
    expect(cited('Profit was 45% of sales [1].', among)[0]?.supported).toBe(true);
    expect(cited('The company has 13 plants [1].', among)[0]?.supported).toBe(false);
  });

  it('does not take German nouns for names', () => {
    const among = [
      {
        number: 1,
        text: 'Der Vertrag endet am 3. Mai 2021, und die Kündigung ist mit einer Frist von vier Wochen möglich.',
      },
    ];
    expect(
      cited('Die Kündigung des Vertrags ist mit einer Zeitspanne von vier Wochen möglich [1].', among)[0]?.supported,
    ).toBe(true);
    expect(cited('Die Kündigung des Vertrags ist mit einer Frist von 6 Wochen möglich [1].', among)[0]?.supported).toBe(
      false,
    );
  });
});

describe('findCitations: properties', () => {
  const answers = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        '[1]',
        '[2]',
        '[1, 2]',
        '[3]',
        '. ',
        '\n\n',
        '`',
        '```',
        '| a | b |\n',
        '- ',
        'The Tower',
        ' 1,665 ',
        '【1】',
      ),
    ),
    { maxLength: 40 },
  );

  it('stays inside the answer and the passages, whatever the answer', () => {
    fc.assert(
      fc.property(answers, (pieces) => {
        const answer = pieces.join('');
        for (const { passage, answerStart, answerEnd, quote } of findCitations(answer, passages)) {
          const length = passages.find(({ number }) => number === passage)?.text.length ?? -1;
          expect(answerStart).toBeGreaterThanOrEqual(0);
          expect(answerStart).toBeLessThan(answerEnd);
          expect(answerEnd).toBeLessThanOrEqual(answer.length);
          expect(quote.start).toBeLessThan(quote.end);
          expect(quote.end).toBeLessThanOrEqual(length);
        }
      }),
    );
  });

  const numbers = fc.integer({ min: 1_000_000, max: 9_999_999 });

  it('supports what is copied, and not when its number is changed', () => {
    fc.assert(
      fc.property(numbers, numbers, (number, other) => {
        fc.pre(number !== other);
        const text = `Acme delivered ${number.toLocaleString('en')} parts to Berlin. The weather was fine.`;
        const claim = (value: number) => `Acme delivered ${value} parts to Berlin [4].`;
        const among = [{ number: 4, text }];
        expect(cited(claim(number), among)).toEqual([
          expect.objectContaining({ quote: text.split(/(?<=\.) /)[0], supported: true }),
        ]);
        expect(cited(claim(other), among)[0]?.supported).toBe(false);
      }),
    );
  });

  it('takes time in proportion to a hostile answer', () => {
    const hostile = [
      '`',
      ' ',
      '[1]',
      'a [1] ',
      '|',
      '"',
      '` `` ',
      '```\n',
      '\n',
      '1,000',
      'A ',
      'x. ',
      '[1,',
      '\t',
      '\tx',
    ];
    const began = performance.now();
    for (const piece of hostile) findCitations(`x${piece.repeat(20_000)}[1].`, passages);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
