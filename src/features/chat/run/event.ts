/** The events of a run, as the log keeps them and as `docs` shows them. Every dialect is a rendering of these. */
import type { FinishReason, ToolCall } from '../../../ai/chat-model.ts';
import type { CitationFields, MessageView } from '../message.ts';

export type RunEndStatus = 'completed' | 'failed' | 'cancelled';
export type RunFault = { code: string; detail: string };
/** Of the run so far. `estimated`: a provider counted nothing for at least one step, or was cut off. */
export type RunUsage = {
  input_tokens: number;
  /** Those of them that providers had cached, and those of the output that were hidden reasoning; absent where none said so. */
  cached_input_tokens?: number;
  output_tokens: number;
  reasoning_tokens?: number;
  cost_usd: number | null;
  estimated?: true;
};
export type ToolExecutor = 'server' | 'client';

/** A memory, or a fact drawn from one, that an answer was given. */
export type RecalledItem = {
  kind: 'memory' | 'fact';
  /** The memory that it is, or that the fact was drawn from; null for a fact that a person wrote down. */
  message_id: string | null;
  content: string;
  role: 'user' | 'assistant' | 'system';
  created_at: string;
  /** 0 to 1; how well it fits. */
  score: number;
};
/** `forgotten`: what was just forgotten because the question asks for it, in words for the person; null otherwise. */
export type RecalledFields = { items: readonly RecalledItem[]; forgotten: string | null };

export type RunEvent =
  | { type: 'run-start'; session_id: string; message_id: string; model: string; attempt: number }
  | { type: 'step-start'; step: number }
  /** `finish_reason` is missing in steps from before it was kept; those ended by themselves. */
  | { type: 'step-end'; step: number; finish_reason?: FinishReason }
  | {
      type: 'retrieval';
      query: string;
      route: string;
      strategy: string;
      hits: readonly { chunk_id: string; document_id: string; title: string; score: number }[];
    }
  /** What memory gave to the answer, and what it was told to forget. */
  | ({ type: 'recall' } & RecalledFields)
  /** What was said before this message was too much for the model: it was not told. */
  | { type: 'history-cut'; first_message_id: string }
  | { type: 'text-start'; part_id: string }
  | { type: 'text-delta'; part_id: string; delta: string }
  | { type: 'text-end'; part_id: string }
  | { type: 'text-reset'; part_id: string; reason: string }
  /** Who runs it, and whether a person must agree before. */
  | {
      type: 'tool-call';
      tool_call: ToolCall;
      executor: ToolExecutor;
      needs_approval?: true;
    }
  | { type: 'tool-approval'; tool_call_id: string; approved: boolean; reason?: string }
  /** Either `output` or `error` is there; the model sees both. */
  | { type: 'tool-result'; tool_call_id: string; output?: unknown; error?: string }
  /** Nothing goes on before a client has answered these calls; nobody holds the run meanwhile. */
  | { type: 'run-wait'; tool_call_ids: readonly string[]; until: string }
  | { type: 'run-resume'; attempt: number }
  | ({ type: 'citation' } & CitationFields)
  | ({ type: 'usage' } & RunUsage)
  | { type: 'run-end'; status: RunEndStatus; error?: RunFault; message: MessageView | null };

/** An event in its place in the log. */
export type LoggedEvent = RunEvent & { seq: number };

/** An event as it travels: its place, its type, and its JSON without the run's id, which every reader knows. */
export type EventLine = { seq: number; type: RunEvent['type']; json: string };

export function eventLine(seq: number, event: RunEvent): EventLine {
  return { seq, type: event.type, json: `{"seq":${seq},${storableJson(event).slice(1)}` };
}

/** NUL and halves of surrogate pairs: JSON has words for them, no text of PostgreSQL does, and one such event would fail
 * the write of all that share its commit. An even number of backslashes before it is text that only looks like one. */
const UNSTORABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** Text that PostgreSQL can keep: what it cannot becomes U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** JSON that PostgreSQL can keep: what it cannot becomes U+FFFD. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u') ? json.replace(UNSTORABLE, '$1\uFFFD') : json;
}
