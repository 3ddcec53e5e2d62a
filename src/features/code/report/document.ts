/** A report before it has a form: what Markdown, HTML and PDF have in common. */
export type Span = { text: string; kind: 'plain' | 'strong' | 'quiet' | 'code'; href: string | null };

export type Block =
  | { type: 'heading'; level: 1 | 2 | 3; text: string }
  | { type: 'paragraph'; spans: readonly Span[] }
  | { type: 'list'; items: readonly (readonly Span[])[] }
  | { type: 'table'; head: readonly string[]; rows: readonly (readonly Span[])[] };

/** Texts of a code base are spans of `code` or `plain`; each form writes all of them so that they are nothing else. */
export const plain = (text: string): Span => ({ text, kind: 'plain', href: null });
export const strong = (text: string): Span => ({ text, kind: 'strong', href: null });
export const quiet = (text: string): Span => ({ text, kind: 'quiet', href: null });
export const code = (text: string, href: string | null = null): Span => ({ text, kind: 'code', href });

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ type: 'heading', level, text });
export const paragraph = (...spans: Span[]): Block => ({ type: 'paragraph', spans });
export const list = (items: readonly (readonly Span[])[]): Block => ({ type: 'list', items });
export const table = (head: readonly string[], rows: readonly (readonly Span[])[]): Block => ({
  type: 'table',
  head,
  rows,
});
