import type { GivenMessage, MessagePart, NewRunSession, RunInput } from '../../../features/chat/index.ts';
import { formatInput } from '../answer-format.ts';
import { textOf } from '../message-content.ts';
import { asking, callPart, samplingInput, toolInput, wishInput } from '../tools.ts';
import {
  anything,
  invalidField,
  isList,
  isNot,
  isTrue,
  refuseUnsupported,
  type Unsupported,
  unsupportedField,
} from '../unsupported.ts';
import type { ChatCompletionBody, ChatMessage } from './chat-completions.schema.ts';

const UNSUPPORTED: Unsupported = {
  n: isNot(1),
  functions: isList,
  function_call: isNot('none', 'auto'),
  audio: anything,
  modalities: (value) => Array.isArray(value) && value.includes('audio'),
  logprobs: isTrue,
  top_logprobs: isNot(0),
  logit_bias: (value) => Object.keys(value as object).length > 0,
  web_search_options: anything,
};

/** What Chat Completions ask for, as a run over the messages that the client gives. @throws ApiError naming the field */
export function chatRun(body: ChatCompletionBody): { session: NewRunSession; input: RunInput } {
  refuseUnsupported(body, UNSUPPORTED);
  const { instructions, said } = conversation(body.messages);
  const asked = asking(said);
  if (!asked) throw invalidField('messages', 'must end with a message of the user, or with the output of a tool');
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  const limit = body.max_completion_tokens ?? body.max_tokens ?? null;
  return {
    session: { temporary: body.store !== true, metadata: body.metadata ?? {} },
    input: {
      model: body.model,
      ...asked,
      whole_history: true,
      metadata: body.metadata ?? {},
      dialect: { name: 'openai.chat.completions', ...(body.user && { user: body.user }) },
      ...toolInput(body.tools, body.tool_choice),
      ...formatInput(body.response_format, 'response_format'),
      ...(instructions !== '' && { instructions }),
      ...(limit !== null && { max_output_tokens: limit }),
      ...samplingInput(body),
      ...wishInput(body),
      ...(stop.length > 0 && { stop }),
      ...(body.retrieval && { retrieval: body.retrieval }),
    },
  };
}

function conversation(messages: ChatCompletionBody['messages']): { instructions: string; said: GivenMessage[] } {
  const instructions: string[] = [];
  const said: GivenMessage[] = [];
  for (const [index, message] of messages.entries()) {
    const place = `messages.${index}`;
    const text = textOf(message.content, `${place}.content`);
    if (message.role === 'system' || message.role === 'developer') instructions.push(text);
    else {
      const parts = partsOf(message, text, place);
      if (parts.length > 0) said.push({ role: message.role as GivenMessage['role'], parts });
    }
  }
  return { instructions: instructions.filter((text) => text !== '').join('\n\n'), said };
}

function partsOf(message: ChatMessage, text: string, place: string): MessagePart[] {
  const { role, tool_call_id: id, tool_calls: calls } = message;
  switch (role) {
    case 'user':
      // Refused here: an empty question would be answered by the one before it.
      if (text.trim() === '') throw invalidField(`${place}.content`, 'must not be blank');
      return [{ type: 'text', text }];
    case 'assistant':
      return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...(calls ?? []).map(callOf(place))];
    case 'tool':
      if (!id) throw invalidField(`${place}.tool_call_id`, 'is required');
      return [{ type: 'tool-result', tool_call_id: id, output: text }];
    default:
      throw unsupportedField(`${place}.role`, `"${role}" is not supported here; use tools`);
  }
}

const callOf =
  (place: string) =>
  ({ id, function: called }: NonNullable<ChatMessage['tool_calls']>[number], index: number): MessagePart => {
    if (!called) throw unsupportedField(`${place}.tool_calls.${index}.type`, 'must be a function');
    return callPart(id, called.name, called.arguments);
  };
