import { titleFrom } from '../../../lib/titles/title-from.ts';
import { newId } from '../../../platform/id.ts';
import { currentWork } from '../../../platform/telemetry/tracing.ts';
import type { Principal } from '../../identity/index.ts';
import type { NewRun } from '../chat.schema.ts';
import type { ChatRules } from '../chat-settings.ts';
import { contentOf, type InputPart, type MessagePart } from '../message.ts';
import { type EventLine, eventLine, storableText } from './event.ts';
import type * as store from './run.store.ts';

/** A message that was said before the question and comes along with it. */
export type GivenMessage = { role: 'user' | 'assistant' | 'system' | 'tool'; parts: readonly MessagePart[] };

/** What a run is asked for, by our own API or through a dialect. */
export type RunInput = Omit<NewRun, 'input'> & {
  /** Null: `earlier` ends with what is to be answered, such as the outputs of tools. */
  input: string | readonly InputPart[] | null;
  /** Saved before the input, oldest first. */
  earlier?: readonly GivenMessage[];
  whole_history?: boolean;
  client_tools?: 'wait' | 'end';
  top_p?: number;
  wishes?: store.RunWishes;
  parallel_tool_calls?: false;
  dialect?: Readonly<Record<string, unknown>>;
};

export type RunTarget = { sessionId: string; newSession: store.NewRun['newSession'] };

export type RunToSave = Omit<store.NewRun, 'firstEvent'> & { firstLine: EventLine };

/** It can only quote. */
const EXTRACTIVE = 'extractive';

/** The rows of a new run, with ids that grow in the order of its messages. */
export function runToSave(
  principal: Principal,
  { sessionId, newSession }: RunTarget,
  input: RunInput,
  { model, workerId, rules }: { model: string; workerId: string; rules: ChatRules },
): RunToSave {
  const parts: readonly InputPart[] =
    typeof input.input === 'string' ? [{ type: 'text', text: input.input }] : (input.input ?? []);
  const given: GivenMessage[] = [
    ...(input.earlier ?? []),
    ...(input.input === null ? [] : [{ role: 'user' as const, parts }]),
  ];
  const id = newId();
  const messages = given.map((message) => ({ id: newId(), role: message.role, parts: message.parts }));
  const messageId = newId();
  const memory = memoryOf(input, principal, newSession?.expiresAt != null);
  const trace = currentWork()?.span?.traceparent;
  const event = { type: 'run-start', session_id: sessionId, message_id: messageId, model, attempt: 1 } as const;
  return {
    id,
    messageId,
    sessionId,
    newSession,
    userId: principal.userId,
    workerId,
    model,
    messages,
    title: rules.titles === 'off' ? null : titleFrom(storableText(contentOf(parts))) || firstAttachment(parts),
    request: {
      ...requestOf(input),
      ...(principal.apiKeyId && { api_key_id: principal.apiKeyId }),
      ...(rules.instructions !== null && { tenant_instructions: rules.instructions }),
      ...(rules.titles === 'model' && !newSession?.expiresAt && model !== EXTRACTIVE && { wants_title: true }),
      ...(memory && { memory }),
      ...(trace && { trace }),
    },
    firstLine: eventLine(1, event),
  };
}

/** A visitor and a temporary session leave no memory, and a key may speak for many people: it says for whom, or has no memory. */
export function memoryOf(
  { memory = {} }: RunInput,
  { apiKeyId, visitor }: Principal,
  isTemporary: boolean,
): { subject?: string } | null {
  if (visitor) return null;
  const { mode = 'auto', subject } = memory;
  const isOn = mode === 'on' || (mode === 'auto' && !isTemporary && (apiKeyId === null || subject !== undefined));
  return isOn ? { ...(subject !== undefined && { subject }) } : null;
}

function requestOf(input: RunInput): store.RunRequest {
  return {
    instructions: input.instructions ?? null,
    retrieval: {
      mode: input.retrieval?.mode ?? 'auto',
      top_k: input.retrieval?.top_k ?? null,
      filter: input.retrieval?.filter ?? null,
    },
    max_output_tokens: input.max_output_tokens ?? null,
    temperature: input.temperature ?? null,
    metadata: input.metadata ?? {},
    ...(input.stop && { stop: input.stop }),
    ...(input.whole_history && { whole_history: true }),
    ...toolsOf(input),
    ...(input.answer_format && { answer_format: input.answer_format }),
    ...(input.top_p !== undefined && { top_p: input.top_p }),
    ...(input.wishes && Object.keys(input.wishes).length > 0 && { wishes: input.wishes }),
    ...(input.dialect && { dialect: input.dialect }),
  };
}

function toolsOf(input: RunInput): Partial<store.RunRequest> {
  return {
    ...(input.tools?.length && { tools: input.tools }),
    ...(input.tool_choice && { tool_choice: input.tool_choice }),
    ...(input.max_steps !== undefined && { max_steps: input.max_steps }),
    ...(input.client_tools && { client_tools: input.client_tools }),
    ...(input.parallel_tool_calls === false && { parallel_tool_calls: false }),
  };
}

function firstAttachment(parts: readonly InputPart[]): string | null {
  return parts.find((part) => part.type === 'attachment')?.name ?? null;
}
