/** Characters of a title. */
export const TITLE_LENGTH = 60;

/** A full stop, question or exclamation mark that ends a sentence: one in `3.5`, `e.g.` or `node.js` does not. */
const SENTENCE_END = /(?<!\b\p{L}|\b\p{L}\.\p{L})[.!?。！？…]+(?=\s|$)|[。！？]/u;

/** A title made from what was asked: its first sentence, 60 characters at most, cut between words. Empty where there is
 * nothing but space. */
export function titleFrom(question: string): string {
  const line =
    question
      .trim()
      .split(/[\r\n]/, 1)[0]
      ?.replace(/\s+/g, ' ') ?? '';
  const end = SENTENCE_END.exec(line);
  const sentence = end ? line.slice(0, end.index + end[0].length) : line;
  return shortened(sentence.trim().replace(/(?<!\.)\.$/, ''));
}

/** What a model gave for a title, without the quotes, marks and label that models put around it; empty: it gave none. */
export function titleOf(said: string): string {
  // No title is longer; of what never ends, the patterns below would look at every stretch of space again and again.
  const line = (said.trim().split(/[\r\n]/, 1)[0] ?? '').slice(0, 1_000);
  const bare = line
    .replace(/^[#*\s]+/, '')
    .replace(/^title\s*:\s*/i, '')
    .replace(/^["'“„«*`\s]+|["'”“»*`\s]+$/g, '')
    .replace(/\s+/g, ' ')
    .replace(/(?<!\.)\.$/, '');
  return shortened(bare.trim());
}

function shortened(text: string): string {
  if (text.length <= TITLE_LENGTH) return text.toWellFormed();
  // One character is for the ellipsis.
  const most = TITLE_LENGTH - 1;
  const space = text.slice(0, most + 1).lastIndexOf(' ');
  // A single long word, or a script that puts no space between words, is cut where it must be: between two characters.
  const end = space > most / 2 ? space : isHighSurrogate(text, most - 1) ? most - 1 : most;
  return `${text
    .slice(0, end)
    .trimEnd()
    .replace(/[,;:]$/, '')}…`.toWellFormed();
}

function isHighSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xd800 && code <= 0xdbff;
}
