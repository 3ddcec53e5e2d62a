import type { GivenMessage, NewRunSession, RunInput } from '../../../features/chat/index.ts';
import { formatInput } from '../answer-format.ts';
import { unprefixed } from '../ids.ts';
import { textOf } from '../message-content.ts';
import { asking, callPart, samplingInput, toolInput, wishInput } from '../tools.ts';
import {
  anything,
  invalidField,
  isList,
  isNot,
  refuseUnsupported,
  type Unsupported,
  unsupportedField,
} from '../unsupported.ts';
import type { InputItem, ResponseBody } from './responses.schema.ts';

const UNSUPPORTED: Unsupported = {
  prompt: anything,
  top_logprobs: isNot(0),
  context_management: isList,
  moderation: anything,
  max_tool_calls: anything,
  include: (value) => Array.isArray(value) && value.includes('message.output_text.logprobs'),
};

/** What a dialect's request leaves in the run, so that the response says it again. */
export type ResponseFacts = {
  name: 'openai.responses';
  background: boolean;
  store: boolean;
  previous_response_id: string | null;
  in_conversation: boolean;
  user: string | null;
};

export type ResponseTarget =
  | { kind: 'new'; session: NewRunSession }
  | { kind: 'after'; runId: string; session: NewRunSession }
  | { kind: 'conversation'; sessionId: string };

/** What a response is asked for, as a run and where it belongs. @throws ApiError naming the field */
export function responseRun(body: ResponseBody): { target: ResponseTarget; input: RunInput } {
  refuseUnsupported(body, UNSUPPORTED);
  const target = targetOf(body);
  const { instructions, said } = conversation(body);
  const asked = asking(said);
  if (!asked) throw invalidField('input', 'must end with a message of the user, or with the output of a function');
  return {
    target,
    input: {
      ...asked,
      metadata: body.metadata ?? {},
      dialect: factsOf(body),
      ...toolInput(body.tools, body.tool_choice),
      ...formatInput(body.text?.format, 'text.format'),
      ...(target.kind === 'new' && { whole_history: true }),
      ...(body.model && { model: body.model }),
      ...(instructions !== '' && { instructions }),
      ...(typeof body.max_output_tokens === 'number' && { max_output_tokens: body.max_output_tokens }),
      ...samplingInput(body),
      ...wishInput({ reasoning_effort: body.reasoning?.effort, verbosity: body.text?.verbosity }),
      ...(body.retrieval && { retrieval: body.retrieval }),
    },
  };
}

function factsOf(body: ResponseBody): ResponseFacts {
  return {
    name: 'openai.responses',
    background: body.background === true,
    store: body.store !== false,
    previous_response_id: body.previous_response_id ?? null,
    in_conversation: Boolean(body.conversation),
    user: body.user ?? null,
  };
}

function targetOf(body: ResponseBody): ResponseTarget {
  const { previous_response_id: previous, conversation: talk, store, background } = body;
  if (background === true && store === false) throw invalidField('background', 'needs the response to be stored');
  if (previous && talk) throw invalidField('previous_response_id', 'cannot be used together with conversation');
  const session = { temporary: store === false };
  if (previous) {
    const runId = unprefixed('resp_', previous);
    if (runId === null) throw invalidField('previous_response_id', 'is not the id of a response');
    return { kind: 'after', runId, session };
  }
  if (!talk) return { kind: 'new', session };
  const sessionId = unprefixed('conv_', typeof talk === 'string' ? talk : talk.id);
  if (sessionId === null) throw invalidField('conversation', 'is not the id of a conversation');
  return { kind: 'conversation', sessionId };
}

function conversation({ input, instructions }: ResponseBody): { instructions: string; said: GivenMessage[] } {
  const told = [instructions ?? ''];
  if (typeof input === 'string') return { instructions: told.join(''), said: [textMessage('user', input)] };
  const said: GivenMessage[] = [];
  for (const [index, item] of input.entries()) {
    const tool = toolMessage(item, index);
    if (tool) {
      said.push(tool);
      continue;
    }
    const { role, text } = messageOf(item, index);
    if (role === 'system' || role === 'developer') told.push(text);
    else if (text !== '') said.push(textMessage(role, text));
  }
  return { instructions: told.filter((text) => text !== '').join('\n\n'), said };
}

function textMessage(role: 'user' | 'assistant', text: string): GivenMessage {
  return { role, parts: [{ type: 'text', text }] };
}

/** A call of a function, or its output; null for an item of another kind. */
function toolMessage(
  { type, call_id: id, name, arguments: written, output }: InputItem,
  index: number,
): GivenMessage | null {
  if (type !== 'function_call' && type !== 'function_call_output') return null;
  if (!id) throw invalidField(`input.${index}.call_id`, 'is required');
  if (type === 'function_call_output') {
    const text = textOf(output, `input.${index}.output`);
    return { role: 'tool', parts: [{ type: 'tool-result', tool_call_id: id, output: text }] };
  }
  if (!name) throw invalidField(`input.${index}.name`, 'is required');
  return { role: 'assistant', parts: [callPart(id, name, written ?? '{}')] };
}

type ItemRole = 'user' | 'assistant' | 'system' | 'developer';
const ROLES: readonly string[] = ['user', 'assistant', 'system', 'developer'] satisfies ItemRole[];

/** The message in an item. @throws ApiError for items of other kinds */
export function messageOf(item: InputItem, index: number, list = 'input'): { role: ItemRole; text: string } {
  const { type, role, content } = item;
  if (type && type !== 'message') {
    throw unsupportedField(`${list}.${index}.type`, `"${type.slice(0, 40)}" is not supported here; send messages`);
  }
  if (!role || !ROLES.includes(role)) {
    throw invalidField(`${list}.${index}.role`, `must be one of ${ROLES.join(', ')}`);
  }
  const text = textOf(content, `${list}.${index}.content`);
  if (role === 'user' && text.trim() === '') throw invalidField(`${list}.${index}.content`, 'must not be blank');
  return { role: role as ItemRole, text };
}
