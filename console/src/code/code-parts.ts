/** A piece of a sentence; `start` is where it stands in it. */
export type CodePart = { start: number; text: string; isCode: boolean };

/** A sentence in which names stand between backticks, in pieces. A backtick without its other half is a letter as any. */
export function codeParts(sentence: string): readonly CodePart[] {
  const parts: CodePart[] = [];
  let end = 0;
  const push = (start: number, text: string, isCode: boolean) => {
    if (text !== '') parts.push({ start, text, isCode });
  };
  for (const { index, 0: whole, 1: name = '' } of sentence.matchAll(/`([^`]+)`/g)) {
    push(end, sentence.slice(end, index), false);
    push(index, name, true);
    end = index + whole.length;
  }
  push(end, sentence.slice(end), false);
  return parts;
}
