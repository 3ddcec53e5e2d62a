import type { Span } from '../chunking/block.ts';
import { bestQuote } from './best-quote.ts';
import { type Claim, claimsOf } from './claims.ts';
import { isSupported } from './support.ts';

/** What an answer may cite. Title and headings vouch for names as well as the text does. */
export type CitablePassage = {
  /** What a marker `[n]` refers to. */
  number: number;
  text: string;
  title?: string;
  headingPath?: readonly string[];
};

export type FoundCitation = {
  /** The passage's number. */
  passage: number;
  /** The part of the answer that the marker vouches for, without the marker; UTF-16 offsets, end exclusive. */
  answerStart: number;
  answerEnd: number;
  /** Where the passage says it best, in the passage's text. */
  quote: Span;
  /** Every number, name and quotation of that part stands in the passages that it cites, and so do enough of its words. */
  supported: boolean;
};

/** The citations of an answer in order of their place; one for each passage that a claim cites. Markers with numbers that no
 * passage has are left out, and so is everything in code. */
export function findCitations(answer: string, passages: readonly CitablePassage[]): FoundCitation[] {
  if (passages.length === 0) return [];
  const byNumber = new Map(passages.map((passage) => [passage.number, passage]));
  return claimsOf(answer).flatMap((claim) => {
    const cited = claim.numbers.map((number) => byNumber.get(number)).filter((passage) => passage !== undefined);
    return citationsOf(claim, cited);
  });
}

/** Passages that are cited side by side vouch together: each for its part. */
function citationsOf(claim: Claim, cited: readonly CitablePassage[]): FoundCitation[] {
  if (cited.length === 0 || claim.text === '') return [];
  const supported = isSupported(claim.text, cited.map(evidenceOf).join('\n'));
  return cited.map(({ number, text }) => ({
    passage: number,
    answerStart: claim.start,
    answerEnd: claim.end,
    quote: bestQuote(claim.text, text),
    supported,
  }));
}

function evidenceOf({ title = '', headingPath = [], text }: CitablePassage): string {
  return [title, ...headingPath, text].join('\n');
}
