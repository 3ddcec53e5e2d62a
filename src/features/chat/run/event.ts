/** The events of a run, as the log keeps them and as `docs` shows them. Every dialect is a rendering of these. */
import type { FinishReason } from '../../../ai/chat-model.ts';
import type { CitationFields, MessageView } from '../message.ts';

export type RunEndStatus = 'completed' | 'failed' | 'cancelled';
export type RunFault = { code: string; detail: string };
export type RunUsage = { input_tokens: number; output_tokens: number; cost_usd: number | null };

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
  | { type: 'text-start'; part_id: string }
  | { type: 'text-delta'; part_id: string; delta: string }
  | { type: 'text-end'; part_id: string }
  | { type: 'text-reset'; part_id: string; reason: string }
  | { type: 'tool-call'; tool_call: { id: string; name: string; input: unknown } }
  | { type: 'tool-result'; tool_call_id: string; output?: unknown; error?: string }
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

/** JSON that PostgreSQL can keep: what it cannot becomes U+FFFD. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u') ? json.replace(UNSTORABLE, '$1\uFFFD') : json;
}
