import type { QuotablePassage } from './score-units.ts';
import type { SelectedQuote } from './select-quotes.ts';

/** A stretch of an answer that is, character for character, a stretch of a passage. Offsets are UTF-16, end exclusive. */
export type PlacedQuote = {
  /** The passage's number. */
  passage: number;
  start: number;
  end: number;
  answerStart: number;
  answerEnd: number;
};

export type ComposedAnswer = { text: string; quotes: readonly PlacedQuote[] };

/** Puts quotes, given in reading order, together as Markdown: sentences flow, rows keep their table's head, code its fence;
 * behind each the marker `[n]` of its passage. */
export function composeAnswer(quotes: readonly SelectedQuote[], passages: readonly QuotablePassage[]): ComposedAnswer {
  const texts = new Map(passages.map(({ number, text }) => [number, text]));
  const placed: PlacedQuote[] = [];
  let answer = '';
  let before: SelectedQuote | null = null;
  for (const quote of joined(quotes, texts)) {
    const source = texts.get(quote.passage) ?? '';
    const text = source.slice(quote.start, quote.end);
    const [opening, closing] = frame(quote, source, text);
    answer += gap(before, quote) + opening;
    const answerStart = answer.length;
    answer += text;
    const { passage, start, end } = quote;
    placed.push({ passage, start, end, answerStart, answerEnd: answer.length });
    answer += `${closing}[${passage}]`;
    before = quote;
  }
  return { text: answer, quotes: placed };
}

/** Neighbouring sentences and rows become one quote, with what stands between them. */
function joined(quotes: readonly SelectedQuote[], texts: ReadonlyMap<number, string>): SelectedQuote[] {
  const result: SelectedQuote[] = [];
  for (const quote of quotes) {
    const last = result.at(-1);
    const between = last && texts.get(quote.passage)?.slice(last.end, quote.start);
    const adjoin = last?.passage === quote.passage && last.kind === quote.kind && /^[^\S\n]*\n?$/.test(between ?? '-');
    if (last && adjoin && quote.start >= last.end) result[result.length - 1] = { ...last, end: quote.end };
    else result.push(quote);
  }
  return result;
}

function gap(before: SelectedQuote | null, quote: SelectedQuote): string {
  if (before === null) return '';
  const flows = before.kind === 'sentence' && quote.kind === 'sentence' && before.passage === quote.passage;
  return flows ? ' ' : '\n\n';
}

/** What stands around a quote so that Markdown shows it as what it is. */
function frame(
  { kind, head }: SelectedQuote,
  source: string,
  text: string,
): readonly [opening: string, closing: string] {
  if (kind === 'sentence') return ['', ' '];
  if (kind === 'row') return [head ? `${source.slice(head.start, head.end)}\n` : '', '\n\n'];
  const fence = longerThanIn(text);
  return [`${fence}\n`, `\n${fence}\n\n`];
}

/** A fence that nothing in the code can close (CommonMark 4.5). */
function longerThanIn(code: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(longest + 1);
}
