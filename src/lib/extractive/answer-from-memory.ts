import { isStopWord } from './stop-words.ts';
import { likeness, termsOf } from './terms.ts';

export type RememberedText = { kind: 'fact' | 'memory'; role: string; content: string; saidAt: string };

/** Share of the question's telling words that a remembered message must have, to be quoted as what is known. */
const ENOUGH_SHARE = 0.5;
const LONGEST_QUOTE = 300;

/**
 * An answer out of memory, which says that it is one; null when nothing there fits. `isSure`: a fact, or the user's own
 * words with all that was asked for: then it goes before what documents have to say about a question on oneself.
 */
export function answerFromMemory(
  question: string,
  items: readonly RememberedText[],
): { text: string; isSure: boolean } | null {
  const facts = items.filter(({ kind }) => kind === 'fact');
  if (facts.length > 0) {
    const known = facts.map(({ content }) => content).join(' ');
    return { text: `From what I remember: ${known}`, isSure: asksAboutOneself(question) };
  }
  if (!asksAboutOneself(question)) return null;
  const wanted = tellingStems(question);
  const found = items
    .map((item) => ({ item, share: shareOf(wanted, item.content) }))
    .filter(({ item, share }) => item.role === 'user' && share >= ENOUGH_SHARE && tells(item.content, wanted));
  const [best] = found.sort((a, b) => b.share - a.share);
  if (!best) return null;
  return {
    text: `From what I remember, on ${best.item.saidAt.slice(0, 10)} you said: “${cut(best.item.content)}”`,
    isSure: best.share === 1,
  };
}

const ONESELF = /\b(?:i|me|my|mine|we|us|our)\b|\b(?:ich|mir|mich|mein\w*|je|moi|mon|ma|mes|yo|mi|mis)\b/iu;

export function asksAboutOneself(question: string): boolean {
  return ONESELF.test(question);
}

function tellingStems(text: string): string[] {
  return termsOf(text)
    .filter(({ start, end }) => !isStopWord(text.slice(start, end)))
    .map(({ stem }) => stem);
}

/** Who asked the same before has told nothing by it: a text of questions only, or of no telling word that is not asked with. */
function tells(text: string, wanted: readonly string[]): boolean {
  const onlyAsks = text.split(SENTENCE_END).every((sentence) => QUESTION.test(sentence));
  return !onlyAsks && tellingStems(text).some((stem) => wanted.every((asked) => likeness(asked, stem) === 0));
}

const SENTENCE_END = /(?<=[.!?。！？؟])\s+/u;
const QUESTION = /[?？؟]["'”’)]*\s*$/u;

function shareOf(wanted: readonly string[], text: string): number {
  if (wanted.length === 0) return 0;
  const there = termsOf(text).map(({ stem }) => stem);
  return wanted.filter((stem) => there.some((other) => likeness(stem, other) > 0)).length / wanted.length;
}

function cut(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length <= LONGEST_QUOTE ? line : `${line.slice(0, LONGEST_QUOTE).toWellFormed().trimEnd()}…`;
}
