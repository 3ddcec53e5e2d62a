import type { AnswerFormat, ModelMessage, ModelRequest, ToolCall, ToolDefinition } from '../chat-model.ts';
import { assemblePrompt } from '../grounded-prompt.ts';

/** Parameters that some models refuse; once refused, a model is asked without them. */
export type Refusals = {
  streamOptions: boolean;
  /** OpenAI's reasoning models take `max_completion_tokens` only, most other servers `max_tokens` only. */
  maxTokens: boolean;
  temperature: boolean;
  stop: boolean;
  /** `response_format` of type `json_object`; then words alone ask for it. */
  jsonObject: boolean;
  /** The same of type `json_schema`. Never learnt: the refusal may be about one schema only. */
  jsonSchema: boolean;
};

type ChatBody = Record<string, unknown>;

/** The body of `POST /chat/completions`. */
export function chatBody(
  { provider, model }: { provider: string; model: string },
  request: ModelRequest,
  refusals: Refusals,
): ChatBody {
  const messages = wireMessages(provider, request, refusals);
  return { model, stream: true, messages, ...parameters(request, refusals) };
}

function parameters(request: ModelRequest, refusals: Refusals): ChatBody {
  const { tools, toolChoice = 'auto', format, maxOutputTokens, temperature, stop } = request;
  const body: ChatBody = {};
  if (!refusals.streamOptions) body.stream_options = { include_usage: true };
  if (tools?.length) body.tools = tools.map(wireTool);
  // `auto` is what every server does unasked, and some refuse the field.
  if (tools?.length && toolChoice !== 'auto') body.tool_choice = wireToolChoice(toolChoice);
  if (format && !refusals[format.type === 'json' ? 'jsonObject' : 'jsonSchema'])
    body.response_format = wireFormat(format);
  if (maxOutputTokens !== undefined)
    body[refusals.maxTokens ? 'max_completion_tokens' : 'max_tokens'] = maxOutputTokens;
  if (temperature !== undefined && !refusals.temperature) body.temperature = temperature;
  if (stop?.length && !refusals.stop) body.stop = stop;
  return body;
}

function wireFormat(format: AnswerFormat): unknown {
  if (format.type === 'json') return { type: 'json_object' };
  const { type, ...json_schema } = format;
  return { type, json_schema };
}

function wireMessages(provider: string, request: ModelRequest, { jsonSchema }: Refusals): unknown[] {
  const { instructions, messages } = assemblePrompt(request, { schemaInWords: jsonSchema });
  const system = instructions === null ? [] : [{ role: 'system', content: instructions }];
  return [...system, ...messages.map((message) => wireMessage(provider, message))];
}

function wireMessage(provider: string, message: ModelMessage): unknown {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
  if (message.role === 'user' || !message.toolCalls?.length) return { role: message.role, content: message.content };
  return {
    role: 'assistant',
    content: message.content === '' ? null : message.content,
    tool_calls: wireCalls(provider, message.toolCalls),
  };
}

/** What Google takes in place of a signature that there never was: of another model's calls, or of a client's own history.
 * https://ai.google.dev/gemini-api/docs/thought-signatures */
const UNSIGNED = { google: { thought_signature: 'skip_thought_signature_validator' } };

/** Gemini 3 refuses calls of which the first comes back without the signature of the thoughts that led to it. */
function wireCalls(provider: string, calls: readonly ToolCall[]): unknown[] {
  const unsigned = provider === 'google' && calls.every(({ opaque }) => !opaque?.[provider]);
  return calls.map(({ id, name, input, opaque }, index) => {
    const extra = opaque?.[provider] ?? (unsigned && index === 0 ? UNSIGNED : undefined);
    return {
      id,
      type: 'function',
      ...(extra !== undefined && { extra_content: extra }),
      function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
    };
  });
}

function wireTool({ name, description, inputSchema }: ToolDefinition): unknown {
  return { type: 'function', function: { name, description, parameters: inputSchema } };
}

function wireToolChoice(choice: NonNullable<ModelRequest['toolChoice']>): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

/** The parameter that a refusal (status 400 or 422) is about, if it was sent and we can do without it. */
export function refusedParameter(refusal: string, sent: ChatBody): keyof Refusals | null {
  if ('stream_options' in sent && /stream_options|include_usage/.test(refusal)) return 'streamOptions';
  if ('max_tokens' in sent && refusal.includes('max_completion_tokens')) return 'maxTokens';
  if ('temperature' in sent && /\btemperature\b/.test(refusal)) return 'temperature';
  if ('response_format' in sent && /response_format|json_object|json_schema|structured output/i.test(refusal))
    return (sent.response_format as { type: string }).type === 'json_object' ? 'jsonObject' : 'jsonSchema';
  if ('stop' in sent && /["'`]stop["'`]/.test(refusal)) return 'stop';
  return null;
}
