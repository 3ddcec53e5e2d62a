import type { JSONSchema7, LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider';
import { traceHeaders } from '../../platform/telemetry/tracing.ts';
import type { AnswerFormat, ModelMessage, ModelRequest } from '../chat-model.ts';
import { assemblePrompt } from '../grounded-prompt.ts';

/** A request in the AI SDK's terms. */
export function callOptions(request: ModelRequest, abortSignal: AbortSignal): LanguageModelV4CallOptions {
  const { tools, toolChoice = 'auto', format, maxOutputTokens, temperature, topP, stop } = request;
  return {
    prompt: promptMessages(request),
    abortSignal,
    headers: traceHeaders(),
    ...(format?.type === 'json_schema' && { responseFormat: schemaFormat(format) }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...wishOptions(request),
    ...(stop?.length && { stopSequences: [...stop] }),
    ...(tools?.length && {
      tools: tools.map(({ name, description, inputSchema, strict }) => ({
        type: 'function' as const,
        name,
        description,
        inputSchema: inputSchema as JSONSchema7,
        ...(strict !== undefined && { strict }),
      })),
      // Other packages pass over what is Anthropic's.
      ...(request.parallelToolCalls === false && { providerOptions: { anthropic: { disableParallelToolUse: true } } }),
      toolChoice:
        typeof toolChoice === 'string' ? { type: toolChoice } : { type: 'tool' as const, toolName: toolChoice.name },
    }),
  };
}

/** Anthropic wants a model's thoughts back with its calls, and does not let it think where a call is demanded. */
function wishOptions({ wishes = {}, tools }: ModelRequest): Partial<LanguageModelV4CallOptions> {
  const { reasoningEffort, seed, presencePenalty, frequencyPenalty } = wishes;
  return {
    ...(reasoningEffort !== undefined && !tools?.length && { reasoning: reasoningEffort }),
    ...(seed !== undefined && { seed }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
  };
}

/** JSON without a schema is asked for in words: not every package has a mode for it. */
function schemaFormat({ name, description, schema }: Extract<AnswerFormat, { type: 'json_schema' }>) {
  return { type: 'json' as const, schema: schema as JSONSchema7, name, ...(description && { description }) };
}

function promptMessages(request: ModelRequest): LanguageModelV4Message[] {
  const { instructions, messages } = assemblePrompt(request);
  const system: LanguageModelV4Message[] = instructions === null ? [] : [{ role: 'system', content: instructions }];
  const toolNames = new Map(toolCallsOf(messages).map(({ id, name }) => [id, name]));
  return [...system, ...messages.map((message) => promptMessage(message, toolNames))];
}

function toolCallsOf(messages: readonly ModelMessage[]) {
  return messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []));
}

function promptMessage(message: ModelMessage, toolNames: ReadonlyMap<string, string>): LanguageModelV4Message {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: message.content }] };
    case 'assistant':
      return { role: 'assistant', content: assistantContent(message) };
    case 'tool': {
      const { toolCallId, content } = message;
      const toolName = toolNames.get(toolCallId) ?? 'unknown';
      return {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId, toolName, output: { type: 'text', value: content } }],
      };
    }
  }
}

type AssistantMessage = Extract<LanguageModelV4Message, { role: 'assistant' }>;

function assistantContent({ content, toolCalls = [] }: Extract<ModelMessage, { role: 'assistant' }>) {
  const parts: AssistantMessage['content'] = toolCalls.map(({ id, name, input }) => ({
    type: 'tool-call',
    toolCallId: id,
    toolName: name,
    input,
  }));
  // Anthropic refuses empty text.
  return content === '' ? parts : [{ type: 'text' as const, text: content }, ...parts];
}
