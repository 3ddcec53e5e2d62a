import { createHash } from 'node:crypto';
import type { GivenMessage, MessagePart, RunInput, RunView } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import { type ApiError, requestErrors } from '../../platform/http/errors.ts';
import { isId } from '../../platform/id.ts';
import type { AiChatBody, UiMessage, UiPart } from './ai-sdk.schema.ts';

/**
 * The session that a chat of a client's own name is: the same for the same user and name, and nobody else's. A name that
 * already is a UUID is meant as the id of a session.
 */
export function sessionIdOf({ tenant, userId }: Principal, chatId: string): string {
  if (isId(chatId)) return chatId;
  const hash = createHash('sha256').update(`parley:ai-sdk:${tenant.id}:${userId}:${chatId}`).digest('hex');
  // UUIDv8 (RFC 9562 §5.8): made of what the maker pleases.
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** What the last message asks. @throws ApiError naming the field */
export function questionOf({ messages }: AiChatBody): string {
  const place = `messages.${messages.length - 1}`;
  const last = messages.at(-1);
  if (last?.role !== 'user') throw invalidField(place, 'must be of the user, or answer tool calls that are waited for');
  for (const [index, { type }] of last.parts.entries()) {
    if (type === 'file') throw invalidField(`${place}.parts.${index}`, 'files are not supported here; send text');
  }
  const text = textOf(last);
  if (text.trim() === '') throw invalidField(`${place}.parts`, 'must hold text that is not blank');
  return text;
}

/** A chat's next question, with what the request says of its run. */
export function runInput(body: AiChatBody): RunInput & { input: string } {
  const { messages, model, instructions, retrieval, tools, tool_choice, metadata } = body;
  return {
    input: questionOf(body),
    metadata: metadata ?? {},
    // So that an edited question is found by the name that its client gave it.
    dialect: { name: 'ai-sdk', ...(messages.at(-1)?.id && { message_id: messages.at(-1)?.id }) },
    ...(model && { model }),
    ...(instructions && { instructions }),
    ...(retrieval && { retrieval }),
    ...(tools && { tools }),
    ...(tool_choice && { tool_choice }),
  };
}

/** What was said before, for a chat that is new here: where it is known, its own history counts. */
export function earlierOf({ messages }: AiChatBody): GivenMessage[] {
  return messages
    .slice(0, -1)
    .filter(({ role }) => role !== 'system')
    .map((message) => ({ role: message.role, parts: partsOf(message) }))
    .filter(({ parts }) => parts.length > 0);
}

function partsOf(message: UiMessage): MessagePart[] {
  return message.parts.flatMap((part): MessagePart[] => {
    if (part.type === 'text') return part.text ? [{ type: 'text', text: part.text }] : [];
    const { toolCallId: id, input, output, errorText, state } = part;
    const name = toolNameOf(part);
    if (message.role !== 'assistant' || name === null || id === undefined) return [];
    if (state !== 'output-available' && state !== 'output-error') return [];
    const result = state === 'output-available' ? { output } : { error: errorText ?? 'The tool failed.' };
    return [
      { type: 'tool-call', tool_call: { id, name, input } },
      { type: 'tool-result', tool_call_id: id, ...result },
    ];
  });
}

function toolNameOf({ type, toolName }: UiPart): string | null {
  if (type === 'dynamic-tool') return toolName ?? null;
  return type.startsWith('tool-') ? type.slice('tool-'.length) : null;
}

function textOf({ parts }: UiMessage): string {
  return parts
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text ?? '')
    .join('');
}

type Output = { tool_call_id: string; output?: unknown; error?: string };
type Decision = { tool_call_id: string; approved: boolean; reason?: string };
export type ToolAnswers = { outputs: Output[]; decisions: Decision[] };

/** What the last message answers of the calls that a run waits for. @throws ApiError where it answers none */
export function toolAnswers({ messages }: AiChatBody, { waiting_for }: RunView): ToolAnswers {
  const parts = new Map(messages.at(-1)?.parts.map((part) => [part.toolCallId, part]));
  const answered = (waiting_for?.tool_calls ?? []).flatMap(({ id, needs }) => {
    const part = parts.get(id);
    return part ? [{ id, needs, part }] : [];
  });
  const outputs = answered.flatMap(({ id, needs, part }) => (needs === 'output' ? outputOf(id, part) : []));
  const decisions = answered.flatMap(({ id, needs, part }) => (needs === 'approval' ? decisionOf(id, part) : []));
  if (outputs.length + decisions.length > 0) return { outputs, decisions };
  throw invalidField(`messages.${messages.length - 1}.parts`, 'answers no tool call that the chat waits for');
}

function outputOf(id: string, { state, output, errorText }: UiPart): Output[] {
  if (state === 'output-available') return [{ tool_call_id: id, output: output ?? null }];
  return state === 'output-error' ? [{ tool_call_id: id, error: errorText || 'The tool failed.' }] : [];
}

function decisionOf(id: string, { approval }: UiPart): Decision[] {
  if (approval?.approved === undefined) return [];
  const { approved, reason } = approval;
  return [{ tool_call_id: id, approved, ...(reason !== undefined && { reason }) }];
}

export function invalidField(field: string, message: string): ApiError {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
