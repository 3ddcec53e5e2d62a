import type { ToolCall } from '../../ai/chat-model.ts';
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
  tool_call: ToolCall;
  /** Missing in messages that were said elsewhere. */
  executor?: 'server' | 'client';
  needs_approval?: true;
};
export type ToolResultPart = { type: 'tool-result'; tool_call_id: string; output?: unknown; error?: string };

/** What a user names in a message: a person, a file, a record of the application. `text` is how it is shown. */
export type MentionPart = {
  type: 'mention';
  id: string;
  text: string;
  data: Readonly<Record<string, unknown>>;
  group?: string;
  interactive?: boolean;
};
/** What a user quotes from above. */
export type QuotePart = { type: 'quote'; text: string };
/** A file of the session, which the documents feature keeps. */
export type AttachmentPart = {
  type: 'attachment';
  attachment_id: string;
  name: string;
  content_type: string;
  size_bytes: number;
  /** Why its text could not be read. */
  fault?: string;
};
/** What a user chose for the answer, in the words of the client that offered it. */
export type ChoicePart = { type: 'choice'; model?: string; tool?: string };
/** What a user did instead of writing: pressed a button in something that was shown to them. */
export type ActPart = { type: 'act'; name: string; payload: unknown; shown_in?: string };
/** What a user's message is made of. */
export type InputPart = TextPart | MentionPart | QuotePart | AttachmentPart | ChoicePart | ActPart;

/** A person's word on a call that asked for it. */
export type ToolApprovalPart = { type: 'tool-approval'; tool_call_id: string; approved: boolean; reason?: string };

export type MessagePart = InputPart | CitationPart | ToolCallPart | ToolApprovalPart | ToolResultPart;

/** A message as clients see it. */
export type MessageView = {
  id: string;
  session_id: string;
  role: MessageRole;
  parts: readonly MessagePart[];
  /** Its parts as text, joined. */
  content: string;
  status: MessageStatus;
  run_id: string | null;
  created_at: string;
};

/** A message in its session. */
export type PlacedMessageView = MessageView & {
  /** What it follows; null for the first. */
  parent_id: string | null;
  /** All that is said in its place, itself among them, oldest first: its branches. */
  siblings: string[];
};

export function contentOf(parts: readonly MessagePart[]): string {
  return parts.map(textOf).join('');
}

function textOf(part: MessagePart): string {
  switch (part.type) {
    case 'text':
      return part.text;
    case 'mention':
      return `@${part.text}`;
    case 'act':
      return part.payload === undefined ? `[${part.name}]` : `[${part.name} ${JSON.stringify(part.payload)}]`;
    default:
      return '';
  }
}

/** What the model is told of a user's message: its text, with what it quotes, names and attaches. */
export function toldOf(parts: readonly MessagePart[]): string {
  const told = [...parts.flatMap(quoted), contentOf(parts), ...mentioned(parts), ...attached(parts)].filter(Boolean);
  return told.length === 0 ? NOTHING : told.join('\n\n');
}

/** Models refuse a question without a word. */
const NOTHING = '(The message is empty.)';

function quoted(part: MessagePart): string[] {
  return part.type === 'quote' && part.text !== '' ? [`About this: "${part.text}"`] : [];
}

/** What the application says of what is mentioned, once for each thing. */
function mentioned(parts: readonly MessagePart[]): string[] {
  const named = new Map(parts.filter((part) => part.type === 'mention').map((part) => [part.id, part]));
  return [...named.values()].map(({ id, text, data }) => `(@${text} is ${JSON.stringify({ id, ...data })})`);
}

function attached(parts: readonly MessagePart[]): string[] {
  const files = parts
    .filter((part) => part.type === 'attachment')
    .map(({ name, fault }) => `"${name.replaceAll('"', "'")}"${fault ? `, which cannot be read: ${fault}` : ''}`);
  return files.length === 0 ? [] : [`(Attached: ${files.join('; ')})`];
}

type Row = Omit<MessageView, 'content' | 'created_at'> & { created_at: Date };

export function messageView({ id, session_id, role, parts, status, run_id, created_at }: Row): MessageView {
  const content = contentOf(parts);
  return { id, session_id, role, parts, content, status, run_id, created_at: created_at.toISOString() };
}

export function placedMessageView(row: Row & { parent_id: string | null; siblings: string[] }): PlacedMessageView {
  return { ...messageView(row), parent_id: row.parent_id, siblings: row.siblings };
}
