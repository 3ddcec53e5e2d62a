import { codeParts } from './code-parts.ts';

/** A sentence in which names stand between backticks. */
export function InlineCode({ text }: { text: string }) {
  return codeParts(text).map(({ start, text: part, isCode }) => (isCode ? <code key={start}>{part}</code> : part));
}
