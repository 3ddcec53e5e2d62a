import type { MessageView, SessionView } from '../../../features/chat/index.ts';

const UNTITLED = 'New Chat';

export function sessionSummary({ id, user_id, title, created_at, updated_at, message_count }: SessionView) {
  return { id, user_id, title: title ?? UNTITLED, created_at, updated_at, message_count };
}

export function sessionDetail(session: SessionView, messages: readonly MessageView[]) {
  const { message_count: _, ...summary } = sessionSummary(session);
  return { ...summary, messages: messages.map(messageOf) };
}

function messageOf({ id, role, content, parts, created_at }: MessageView) {
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [callOf(part.tool_call, parts)] : []));
  return { id, role, content, ...(calls.length > 0 && { tool_calls: calls }), created_at };
}

type ToolCall = { id: string; name: string; input: unknown };

function callOf({ id, name, input }: ToolCall, parts: MessageView['parts']) {
  const result = parts.find((part) => part.type === 'tool-result' && part.tool_call_id === id);
  if (result?.type !== 'tool-result') return { name, arguments: input };
  const { output, error } = result;
  return { name, arguments: input, ...(error === undefined ? { result: output ?? null } : { error }) };
}
