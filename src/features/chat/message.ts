import type { MessageRole, MessageStatus } from '../../platform/database/schema.ts';

export type Span = { start: number; end: number };

export type CitationFields = {
  part_id: string;
  chunk_id: string;
  document_id: string;
  title: string;
  quote: string;
  /** Of the quote in the document's text. */
  span: Span;
  /** Of what it supports, in the text of the part. */
  answer_span: Span;
  supported: boolean;
  heading_path: readonly string[];
  page: number | null;
  /** The number that its marker in the text has. */
  number: number;
};

/** `part_id` is there in answers, where citations name it. */
export type TextPart = { type: 'text'; text: string; part_id?: string };
export type CitationPart = { type: 'citation' } & CitationFields;
export type ToolCallPart = {
  type: 'tool-call';
  tool_call: { id: string; name: string; input: unknown };
  /** Missing in messages that were said elsewhere. */
  executor?: 'server' | 'client';
  needs_approval?: true;
};
export type ToolResultPart = { type: 'tool-result'; tool_call_id: string; output?: unknown; error?: string };
export type MessagePart = TextPart | CitationPart | ToolCallPart | ToolResultPart;

/** A message as clients see it. */
export type MessageView = {
  id: string;
  session_id: string;
  role: MessageRole;
  parts: readonly MessagePart[];
  /** The text parts, joined. */
  content: string;
  status: MessageStatus;
  run_id: string | null;
  created_at: string;
};

export function contentOf(parts: readonly MessagePart[]): string {
  return parts
    .filter((part) => part.type === 'text')
    .map(({ text }) => text)
    .join('');
}

export function messageView(row: {
  id: string;
  session_id: string;
  role: MessageRole;
  parts: readonly MessagePart[];
  status: MessageStatus;
  run_id: string | null;
  created_at: Date;
}): MessageView {
  return { ...row, content: contentOf(row.parts), created_at: row.created_at.toISOString() };
}
