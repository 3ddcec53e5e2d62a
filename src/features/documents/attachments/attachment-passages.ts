import { wordsOf } from '../../../lib/words/words-of.ts';
import { estimateTokens, type RetrievedPassage } from '../retrieval/passages.ts';
import type { AttachmentText } from './attachment.store.ts';

/** Tokens of attached text that a question is answered from at most. */
const BUDGET = 6_000;

/**
 * What a model is given of attached files: all of it where it fits, for who attaches a file means it; otherwise the pieces
 * that share most with the question, rare words first. In the order of the files' texts.
 */
export function attachmentPassages(
  texts: readonly AttachmentText[],
  question: string,
  budget = BUDGET,
): RetrievedPassage[] {
  const fits = texts.reduce((sum, { text }) => sum + estimateTokens(text), 0) <= budget;
  const kept = fits ? texts : bestWithin(texts, question, budget);
  return kept.map((chunk, index) => ({
    number: index + 1,
    chunkId: chunk.id,
    documentId: chunk.attachment_id,
    title: chunk.name,
    headingPath: chunk.heading_path,
    page: chunk.page,
    text: chunk.text,
    documentStart: chunk.start_offset,
  }));
}

function bestWithin(texts: readonly AttachmentText[], question: string, budget: number): AttachmentText[] {
  const asked = [...new Set(wordsOf(question))];
  const words = texts.map((chunk) => new Set(wordsOf([...chunk.heading_path, chunk.text].join('\n'))));
  const weights = asked.map((word) => {
    const frequency = words.filter((own) => own.has(word)).length;
    return Math.log(1 + texts.length / (1 + frequency));
  });
  const scores = words.map((own) =>
    asked.reduce((sum, word, index) => sum + (own.has(word) ? (weights[index] ?? 0) : 0), 0),
  );
  // The beginning says what a file is, so it goes before pieces that share nothing.
  const order = [...texts.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const kept = new Set<number>();
  let left = budget;
  for (const index of order) {
    const size = estimateTokens(texts[index]?.text ?? '');
    if (size > left) continue;
    kept.add(index);
    left -= size;
  }
  return texts.filter((_, index) => kept.has(index));
}
