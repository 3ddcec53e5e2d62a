import type { AnswerFormat, ModelMessage, ModelRequest, ModelWishes, ToolCall, ToolDefinition } from '../chat-model.ts';
import { assemblePrompt } from '../grounded-prompt.ts';

/** Parameters that some models refuse; once refused, a model is asked without them. */
export type Refusals = {
  streamOptions: boolean;
  /** OpenAI's reasoning models take `max_completion_tokens` only, most other servers `max_tokens` only. */
  maxTokens: boolean;
  temperature: boolean;
  topP: boolean;
  reasoningEffort: boolean;
  verbosity: boolean;
  seed: boolean;
  presencePenalty: boolean;
  frequencyPenalty: boolean;
  parallelToolCalls: boolean;
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
  const { format, maxOutputTokens, temperature, topP, stop } = request;
  const body: ChatBody = toolParameters(request, refusals);
  if (!refusals.streamOptions) body.stream_options = { include_usage: true };
  if (format && !refusals[format.type === 'json' ? 'jsonObject' : 'jsonSchema'])
    body.response_format = wireFormat(format);
  if (maxOutputTokens !== undefined)
    body[refusals.maxTokens ? 'max_completion_tokens' : 'max_tokens'] = maxOutputTokens;
  if (temperature !== undefined && !refusals.temperature) body.temperature = temperature;
  if (topP !== undefined && !refusals.topP) body.top_p = topP;
  if (stop?.length && !refusals.stop) body.stop = stop;
  return { ...body, ...wishParameters(request, refusals) };
}

const WISHES = {
  reasoningEffort: 'reasoning_effort',
  verbosity: 'verbosity',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
} as const satisfies Record<keyof ModelWishes, string>;

function wishParameters({ wishes = {} }: ModelRequest, refusals: Refusals): ChatBody {
  const asked = (Object.keys(WISHES) as (keyof ModelWishes)[]).filter(
    (wish) => wishes[wish] !== undefined && !refusals[wish],
  );
  return Object.fromEntries(asked.map((wish) => [WISHES[wish], wishes[wish]]));
}

function toolParameters(request: ModelRequest, refusals: Refusals): ChatBody {
  const { tools, toolChoice = 'auto', parallelToolCalls } = request;
  if (!tools?.length) return {};
  return {
    tools: tools.map(wireTool),
    // `auto` is what every server does unasked, and some refuse the field.
    ...(toolChoice !== 'auto' && { tool_choice: wireToolChoice(toolChoice) }),
    ...(parallelToolCalls === false && !refusals.parallelToolCalls && { parallel_tool_calls: false }),
  };
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

function wireTool({ name, description, inputSchema, strict }: ToolDefinition): unknown {
  const described = { name, description, parameters: inputSchema };
  return { type: 'function', function: { ...described, ...(strict !== undefined && { strict }) } };
}

function wireToolChoice(choice: NonNullable<ModelRequest['toolChoice']>): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

type Known = { field: string; words: RegExp; refusal: (sent: ChatBody) => keyof Refusals };

/** What we can do without, in the order in which a refusal is searched for it. */
const KNOWN: readonly Known[] = [
  { field: 'stream_options', words: /stream_options|include_usage/, refusal: () => 'streamOptions' },
  { field: 'max_tokens', words: /max_completion_tokens/, refusal: () => 'maxTokens' },
  { field: 'temperature', words: /\btemperature\b/, refusal: () => 'temperature' },
  { field: 'top_p', words: /\btop_p\b/, refusal: () => 'topP' },
  {
    field: 'reasoning_effort',
    words: /reasoning_effort|reasoning\.effort|thinking/i,
    refusal: () => 'reasoningEffort',
  },
  { field: 'verbosity', words: /verbosity/, refusal: () => 'verbosity' },
  { field: 'seed', words: /\bseed\b/, refusal: () => 'seed' },
  { field: 'presence_penalty', words: /presence_?penalty|penalty is not enabled/i, refusal: () => 'presencePenalty' },
  {
    field: 'frequency_penalty',
    words: /frequency_?penalty|penalty is not enabled/i,
    refusal: () => 'frequencyPenalty',
  },
  { field: 'parallel_tool_calls', words: /parallel_tool_calls/, refusal: () => 'parallelToolCalls' },
  {
    field: 'response_format',
    words: /response_format|json_object|json_schema|structured output/i,
    refusal: ({ response_format: format }) =>
      (format as { type: string }).type === 'json_object' ? 'jsonObject' : 'jsonSchema',
  },
  { field: 'stop', words: /["'`]stop["'`]/, refusal: () => 'stop' },
];

/** The parameter that a refusal (status 400 or 422) is about, if it was sent and we can do without it. */
export function refusedParameter(refusal: string, sent: ChatBody): keyof Refusals | null {
  const found = KNOWN.find(({ field, words }) => field in sent && words.test(refusal));
  return found ? found.refusal(sent) : null;
}
