import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeAnswer } from './compose-answer.ts';
import type { QuotablePassage } from './score-units.ts';
import { selectQuotes } from './select-quotes.ts';

function passage(number: number, text: string, more: Partial<QuotablePassage> = {}): QuotablePassage {
  return { number, title: 'Northwind handbook', headingPath: [], text, ...more };
}

const handbook = [
  passage(
    1,
    'Call your manager before nine. From the fourth day a note from a doctor is required. Sick pay lasts six weeks.',
    {
      headingPath: ['Leave', 'Sick leave'],
    },
  ),
  passage(
    2,
    'Expenses are paid within 14 days.\n\n| Item | Limit |\n| --- | --- |\n| Hotel | 120 EUR |\n| Dinner | 30 EUR |\n\nCapital expenditures need the approval of the CFO.',
    {
      headingPath: ['Expenses'],
    },
  ),
  passage(
    3,
    'export function resetRouter(device: Device) {\n  device.hold(10);\n  device.release();\n}\n\nexport function openPort(port: number) {\n  return port > 1024;\n}',
    { title: 'router.ts' },
  ),
  passage(4, 'Hold the button for ten seconds. The light turns red.', {
    title: 'Router manual',
    headingPath: ['Resetting the router'],
  }),
  passage(5, '艾菲尔铁塔高330米。它建于1889年。', { title: '铁塔' }),
  passage(6, 'Der Vertrag endet am 31. Dezember. Die Kündigungsfrist beträgt vier Wochen.', { title: 'Vertrag' }),
];

function quoted(
  question: string,
  passages: readonly QuotablePassage[] = handbook,
  before: string | null = null,
): string[] {
  return selectQuotes({ question, before }, passages).map(({ passage: number, start, end }) =>
    String(passages.find((one) => one.number === number)?.text.slice(start, end)),
  );
}

describe('selectQuotes', () => {
  it.each([
    ['When do I have to call if I am sick?', 'Call your manager before nine.'],
    ['how long is sick pay', 'Sick pay lasts six weeks.'],
    ['When is a note from the doctor needed?', 'From the fourth day a note from a doctor is required.'],
    ['How do I reset the router?', 'Hold the button for ten seconds.'],
    ['what is the hotel limit', '| Hotel | 120 EUR |'],
    ['How much can I spend on dinner?', '| Dinner | 30 EUR |'],
    ['openPort', 'export function openPort(port: number) {\n  return port > 1024;\n}'],
    ['铁塔建于哪一年？', '它建于1889年。'],
    ['Wie lang ist die Kündigungsfrist?', 'Die Kündigungsfrist beträgt vier Wochen.'],
  ])('answers %j', (question, sentence) => {
    expect(quoted(question)).toContain(sentence);
  });

  it.each([
    'What is the capital of Mongolia?',
    'Who won the world cup in 1998?',
    'How are black holes formed?',
    '¿Quién pintó Las Meninas?',
    '?!',
    '',
  ])('finds nothing for %j', (question) => {
    expect(quoted(question)).toEqual([]);
  });

  it('finds nothing in nothing', () => {
    expect(quoted('sick pay', [])).toEqual([]);
    expect(quoted('sick pay', [passage(1, '')])).toEqual([]);
    expect(quoted('sick pay', [passage(1, '\n \n---\n# Sick pay\n')])).toEqual([]);
  });

  it('takes a question that says little with the one before it', () => {
    expect(quoted('And how long?', handbook)).toEqual([]);
    expect(quoted('And how long?', handbook, 'Do I get sick pay?')).toContain('Sick pay lasts six weeks.');
  });

  it("prefers the answer's kind", () => {
    const text =
      'The tower was built by a famous engineer. The tower was built in 1889. The tower was built by Gustave Eiffel.';
    expect(quoted('When was the tower built?', [passage(1, text)])).toEqual(['The tower was built in 1889.']);
    expect(quoted('Who built the tower?', [passage(1, text)])).toEqual(['The tower was built by Gustave Eiffel.']);
  });

  it('says the same thing once', () => {
    const text = 'Sick pay lasts six weeks.';
    expect(quoted('how long is sick pay', [passage(1, text), passage(2, text)])).toEqual([text]);
  });

  it('quotes at most three stretches, in reading order', () => {
    const sentences = Array.from(
      { length: 9 },
      (_, index) => `Rule ${index + 1} is about the sick pay of group ${index + 1}.`,
    );
    const selected = selectQuotes({ question: 'Which rules are there about sick pay?' }, [
      passage(1, sentences.join(' ')),
    ]);
    expect(selected).toHaveLength(3);
    expect(selected.map(({ start }) => start)).toEqual(
      selected.map(({ start }) => start).toSorted((one, other) => one - other),
    );
  });

  it('cuts what has no end', () => {
    const words = `sick pay ${'word '.repeat(1_000)}`;
    for (const text of [words, `sick-pay-${'x'.repeat(5_000)}`, `sick-pay-${'🙂'.repeat(2_000)}`]) {
      for (const sentence of quoted('how long is sick pay', [passage(1, text)])) {
        expect(sentence.length).toBeLessThanOrEqual(800);
        expect(sentence.isWellFormed()).toBe(true);
      }
    }
  });

  it('gives the same for the same', () => {
    expect(quoted('how long is sick pay')).toEqual(quoted('how long is sick pay'));
  });

  it('takes time in proportion to hostile passages', () => {
    const hostile = ['|', '\t', 'a\t', '`', '```\n', '. ', 'a. ', '\n', '- ', '{\n', ' ', '1,000', '🙂', '.'];
    const began = performance.now();
    for (const piece of hostile) quoted('how long is sick pay a 1', [passage(1, `sick pay ${piece.repeat(10_000)}`)]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('composeAnswer', () => {
  const answer = (question: string, passages = handbook) =>
    composeAnswer(selectQuotes({ question }, passages), passages);

  it('puts the marker behind each quote', () => {
    expect(answer('how long is sick pay')).toEqual({
      text: 'Sick pay lasts six weeks. [1]',
      quotes: [{ passage: 1, start: 85, end: 110, answerStart: 0, answerEnd: 25 }],
    });
  });

  it('shows a row under the head of its table', () => {
    expect(answer('what is the hotel limit').text).toBe('| Item | Limit |\n| --- | --- |\n| Hotel | 120 EUR |\n\n[2]');
  });

  it('fences code so that nothing in it can end the fence', () => {
    expect(answer('openPort').text).toBe(
      '```\nexport function openPort(port: number) {\n  return port > 1024;\n}\n```\n\n[3]',
    );
    const tricky = [passage(1, 'const tick = "```";\nlet openPort = 1;\nreturn openPort;')];
    expect(answer('openPort', tricky).text.startsWith('````\n')).toBe(true);
  });

  it('joins neighbours and starts a paragraph for another passage', () => {
    const passages = [
      passage(1, 'Sick pay lasts six weeks. Sick pay ends after six weeks.'),
      passage(2, 'Sick pay never lasts a year.'),
    ];
    expect(answer('sick pay', passages).text).toBe(
      'Sick pay lasts six weeks. Sick pay ends after six weeks. [1]\n\nSick pay never lasts a year. [2]',
    );
  });

  it('quotes character for character, whatever the passages', () => {
    const words = fc.constantFrom(
      'sick ',
      'pay ',
      'six ',
      'weeks',
      '. ',
      '\n',
      '\n\n',
      '| ',
      ' |',
      '| --- |\n',
      '```\n',
      '- ',
      '# ',
      '🙂',
      'Ä',
      '\t',
      '{',
      ';\n',
    );
    const texts = fc.array(
      fc.array(words, { maxLength: 40 }).map((pieces) => pieces.join('')),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(texts, (all) => {
        const passages = all.map((text, index) => passage(index + 1, text));
        const { text, quotes } = answer('how many weeks of sick pay', passages);
        let last = 0;
        for (const quote of quotes) {
          expect(quote.answerStart).toBeGreaterThanOrEqual(last);
          expect(quote.end).toBeGreaterThan(quote.start);
          expect(text.slice(quote.answerStart, quote.answerEnd)).toBe(
            passages[quote.passage - 1]?.text.slice(quote.start, quote.end),
          );
          last = quote.answerEnd;
        }
      }),
      { numRuns: 300 },
    );
  });
});
