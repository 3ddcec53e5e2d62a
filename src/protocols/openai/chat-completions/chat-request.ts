import type { GivenMessage, NewRunSession, RunInput } from '../../../features/chat/index.ts';
import { textOf } from '../message-content.ts';
import {
  anything,
  invalidField,
  isFormat,
  isList,
  isNot,
  isTrue,
  refuseUnsupported,
  type Unsupported,
  unsupportedField,
} from '../unsupported.ts';
import type { ChatCompletionBody } from './chat-completions.schema.ts';

const UNSUPPORTED: Unsupported = {
  n: isNot(1),
  tools: isList,
  tool_choice: isNot('none', 'auto'),
  functions: isList,
  function_call: isNot('none', 'auto'),
  audio: anything,
  modalities: (value) => Array.isArray(value) && value.includes('audio'),
  response_format: isFormat,
  logprobs: isTrue,
  top_logprobs: isNot(0),
  logit_bias: (value) => Object.keys(value as object).length > 0,
  web_search_options: anything,
};

/** What Chat Completions ask for, as a run over the messages that the client gives. @throws ApiError naming the field */
export function chatRun(body: ChatCompletionBody): { session: NewRunSession; input: RunInput } {
  refuseUnsupported(body, UNSUPPORTED);
  const { instructions, said } = conversation(body.messages);
  const last = said.at(-1);
  if (last?.role !== 'user') throw invalidField('messages', 'must end with a message of the user');
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  const limit = body.max_completion_tokens ?? body.max_tokens ?? null;
  const temperature = body.temperature ?? null;
  return {
    session: { temporary: body.store !== true, metadata: body.metadata ?? {} },
    input: {
      model: body.model,
      input: last.text,
      earlier: said.slice(0, -1).map(given),
      whole_history: true,
      metadata: body.metadata ?? {},
      dialect: { name: 'openai.chat.completions', ...(body.user && { user: body.user }) },
      ...(instructions !== '' && { instructions }),
      ...(limit !== null && { max_output_tokens: limit }),
      ...(temperature !== null && { temperature }),
      ...(stop.length > 0 && { stop }),
      ...(body.retrieval && { retrieval: body.retrieval }),
    },
  };
}

type Said = { role: 'user' | 'assistant'; text: string };

function given({ role, text }: Said): GivenMessage {
  return { role, parts: [{ type: 'text', text }] };
}

function conversation(messages: ChatCompletionBody['messages']): { instructions: string; said: Said[] } {
  const instructions: string[] = [];
  const said: Said[] = [];
  for (const [index, message] of messages.entries()) {
    const { role } = message;
    const text = textOf(message.content, `messages.${index}.content`);
    if (role === 'system' || role === 'developer') instructions.push(text);
    else if (role === 'user' || role === 'assistant') {
      refuseToolCalls(message, index);
      // Refused here: an empty question would be answered by the one before it.
      if (role === 'user' && text.trim() === '') throw invalidField(`messages.${index}.content`, 'must not be blank');
      if (text !== '') said.push({ role, text });
    } else throw unsupportedField(`messages.${index}.role`, `"${role}" is not supported here; send text messages only`);
  }
  return { instructions: instructions.filter((text) => text !== '').join('\n\n'), said };
}

function refuseToolCalls(message: object, index: number): void {
  if ('tool_calls' in message && isList(message.tool_calls)) throw unsupportedField(`messages.${index}.tool_calls`);
}
