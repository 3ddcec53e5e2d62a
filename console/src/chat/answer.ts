import type { Citation, Fault, Message, RecalledItem, RunEvent, RunStatus } from '../api/types.ts';
import { type ToolCallEntry, withCall, withDecision, withResult } from './tool-calls.ts';

/** A stretch of the answer's text with what it cites. */
export type AnswerPart = { id: string; text: string; citations: readonly Citation[] };

export type AnswerActivity = 'waiting' | 'searching' | 'reading' | 'writing' | 'using-tool';

/** An answer as far as its events have come. Built by `applyEvent` alone; the same events give the same answer. */
export type Answer = {
  runId: string | null;
  messageId: string | null;
  status: RunStatus;
  activity: AnswerActivity;
  parts: readonly AnswerPart[];
  calls: readonly ToolCallEntry[];
  /** How many passages were found; null before the search. */
  passages: number | null;
  /** What memory gave to it. */
  recalled: readonly RecalledItem[];
  fault: Fault | null;
  lastSeq: number;
};

export const emptyAnswer: Answer = {
  runId: null,
  messageId: null,
  status: 'queued',
  activity: 'waiting',
  parts: [],
  calls: [],
  passages: null,
  recalled: [],
  fault: null,
  lastSeq: 0,
};

export function applyEvent(answer: Answer, event: RunEvent): Answer {
  if (event.seq <= answer.lastSeq) return answer;
  return { ...answer, ...changeOf(answer, event), runId: event.run_id, lastSeq: event.seq };
}

function changeOf(answer: Answer, event: RunEvent): Partial<Answer> {
  switch (event.type) {
    case 'run-start':
      return { messageId: event.message_id, status: 'running', activity: 'searching' };
    case 'retrieval':
      return { passages: event.hits.length, activity: 'reading' };
    case 'recall':
      return { recalled: event.items };
    case 'text-start':
      return { parts: [...answer.parts, { id: event.part_id, text: '', citations: [] }], activity: 'writing' };
    case 'text-delta':
      return { parts: withPart(answer, event.part_id, (part) => ({ ...part, text: part.text + event.delta })) };
    case 'text-reset':
      return { parts: withPart(answer, event.part_id, (part) => ({ ...part, text: '', citations: [] })) };
    case 'citation':
      return {
        parts: withPart(answer, event.part_id, (part) => ({ ...part, citations: [...part.citations, event] })),
      };
    case 'tool-call':
      return { activity: 'using-tool', calls: withCall(answer.calls, event) };
    case 'tool-approval':
      return { calls: withDecision(answer.calls, event.tool_call_id) };
    case 'tool-result':
      return { calls: withResult(answer.calls, event) };
    case 'run-end':
      return { status: event.status, fault: event.error ?? null, ...endParts(answer, event.message ?? null) };
    default:
      return {};
  }
}

function withPart(answer: Answer, id: string, change: (part: AnswerPart) => AnswerPart): readonly AnswerPart[] {
  return answer.parts.map((part) => (part.id === id ? change(part) : part));
}

/** The message as it was stored is what a reload will show, so it is shown now. */
function endParts(answer: Answer, message: Message | null): Partial<Answer> {
  if (message === null) return {};
  return { messageId: message.id, parts: message.parts.length === 0 ? answer.parts : partsOfMessage(message) };
}

/** A stored message's text parts, each with its citations. */
export function partsOfMessage(message: Message): readonly AnswerPart[] {
  const parts: { id: string; text: string; citations: Citation[] }[] = [];
  for (const part of message.parts) {
    if (part.type === 'text') parts.push({ id: part.part_id ?? `${parts.length}`, text: part.text, citations: [] });
    // What names no part that is here, as imported messages may, belongs to the text before it.
    else if (part.type === 'citation')
      (parts.find(({ id }) => id === part.part_id) ?? parts.at(-1))?.citations.push(part);
  }
  return parts;
}

export function isUnfinished(status: RunStatus): boolean {
  return status === 'queued' || status === 'running' || status === 'waiting';
}

export function textOf(parts: readonly AnswerPart[]): string {
  return parts.map(({ text }) => text).join('\n\n');
}
