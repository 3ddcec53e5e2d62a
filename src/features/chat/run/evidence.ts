import type { ModelEvent, Passage } from '../../../ai/chat-model.ts';
import { findCitations } from '../../../lib/citations/find-citations.ts';
import type { CitationFields } from '../message.ts';

/** A passage with its place in the document's text, so that a citation's span can be given in the document. */
export type EvidencePassage = Passage & { documentStart: number };

export type Quote = Extract<ModelEvent, { type: 'quote' }>;

/** What the text of one part cites, of passages that were retrieved or that tools found. */
export function citationsOf(
  text: string,
  passages: readonly EvidencePassage[],
  partId: string,
  quotes: readonly Quote[],
): CitationFields[] {
  const byNumber = new Map(passages.map((passage) => [passage.number, passage]));
  const found =
    quotes.length > 0
      ? quotes.map(({ passage, start, end, answerStart, answerEnd }) => ({
          passage,
          quote: { start, end },
          answerStart,
          answerEnd,
          supported: true,
        }))
      : findCitations(text, passages);
  return found.flatMap(({ passage: number, quote, answerStart, answerEnd, supported }) => {
    const passage = byNumber.get(number);
    if (!passage) return [];
    return {
      part_id: partId,
      chunk_id: passage.chunkId,
      document_id: passage.documentId,
      title: passage.title,
      quote: passage.text.slice(quote.start, quote.end),
      span: { start: passage.documentStart + quote.start, end: passage.documentStart + quote.end },
      answer_span: { start: answerStart, end: answerEnd },
      supported,
      heading_path: passage.headingPath,
      page: passage.page,
      number,
    };
  });
}
