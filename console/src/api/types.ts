/** The wire shapes of Parley's own API that the console reads. Names are the API's, so snake_case. */

export type Page<Item> = { data: Item[]; next_cursor: string | null };

export type Role = 'owner' | 'admin' | 'member' | 'viewer';
export type User = {
  id: string;
  email: string;
  username: string | null;
  full_name: string | null;
  email_verified?: boolean;
  /** Whether they look after the installation. */
  is_operator?: boolean;
};
export type Tenant = { id: string; slug: string; name?: string; role: Role; requires_second_factor?: boolean };

export type SignedIn = {
  access_token: string;
  token_type: 'bearer';
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
  user: User;
  tenant: Tenant;
};

export type Session = {
  id: string;
  title: string | null;
  message_count?: number;
  /** The run that is still being answered, if any. */
  active_run_id?: string | null;
  created_at: string;
  updated_at: string;
};

/** A range of characters, as JavaScript counts them; `end` is exclusive. */
export type Span = { start: number; end: number };

export type Citation = {
  part_id: string;
  chunk_id: string;
  document_id: string;
  title: string;
  quote: string;
  /** Where the quote stands in the document's text. */
  span: Span;
  /** Which words of the answer it is for, in the text of its part. */
  answer_span: Span;
  /** False when numbers or names of the sentence are not in what it cites. */
  supported: boolean;
  /** The headings that the quote stands under, the widest first. */
  heading_path: readonly string[];
  page: number | null;
  /** The number in its marker in the text, as in [2]. */
  number: number;
};

export type TextPart = { type: 'text'; text: string; part_id?: string };
export type CitationPart = Citation & { type: 'citation' };
export type ToolCallFields = {
  tool_call: { id: string; name: string; input: unknown };
  executor?: 'server' | 'client';
  needs_approval?: true;
};
export type ToolResultFields = { tool_call_id: string; output?: unknown; error?: string };
export type MessagePart =
  | TextPart
  | CitationPart
  | ({ type: 'tool-call' } & ToolCallFields)
  | ({ type: 'tool-result' } & ToolResultFields);

export type Message = {
  id: string;
  session_id: string;
  role: 'user' | 'assistant' | 'system' | 'tool';
  parts: MessagePart[];
  content: string;
  status: 'complete' | 'incomplete';
  run_id: string | null;
  /** All that is said in its place, itself among them, oldest first. Missing at the end of a run's stream. */
  siblings?: readonly string[];
  created_at: string;
};

export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
export type Fault = { code: string; detail: string };
export type Hit = { chunk_id: string; document_id: string; title: string; score: number };

/** A memory, or a fact drawn from one, that an answer was given. */
export type RecalledItem = {
  kind: 'memory' | 'fact';
  message_id: string | null;
  content: string;
  role: 'user' | 'assistant' | 'system';
  created_at: string;
  score: number;
};

type Numbered = { seq: number; run_id: string };
export type RunEvent = Numbered &
  (
    | { type: 'run-start'; session_id: string; message_id: string; model: string; attempt: number }
    | { type: 'step-start' | 'step-end'; step: number }
    | { type: 'retrieval'; query: string; route: string; strategy: string; hits: Hit[] }
    | { type: 'recall'; items: RecalledItem[]; forgotten: string | null }
    | { type: 'text-start' | 'text-end'; part_id: string }
    | { type: 'text-delta'; part_id: string; delta: string }
    | { type: 'text-reset'; part_id: string; reason: string }
    | ({ type: 'tool-call' } & ToolCallFields)
    | ({ type: 'tool-result' } & ToolResultFields)
    | { type: 'tool-approval'; tool_call_id: string; approved: boolean }
    | { type: 'run-wait' | 'run-resume' }
    | ({ type: 'citation' } & Citation)
    | { type: 'usage'; input_tokens: number; output_tokens: number; cost_usd: number | null }
    | { type: 'run-end'; status: RunStatus; error?: Fault | null; message?: Message | null }
  );

export type DocumentStatus = 'queued' | 'processing' | 'ready' | 'failed';

export type DocumentEntry = {
  id: string;
  title: string;
  status: DocumentStatus;
  /** 0 to 1. */
  progress: number;
  error: Fault | null;
  /** What in it could not be read, in sentences. */
  warnings: string[];
  chunk_count: number | null;
  content_type: string;
  size_bytes: number;
  source_id: string | null;
  metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
};

/** A stretch of a document's text. `start` and `end` say where `text` really begins and ends. */
export type DocumentText = {
  document_id: string;
  title: string;
  text: string;
  start: number;
  end: number;
  /** Characters in the whole text. */
  length: number;
};
