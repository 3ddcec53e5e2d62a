import { type Attributes, currentWork, inWork, type Span, traced } from '../platform/telemetry/tracing.ts';
import { around } from './around.ts';
import type { ChatModel, ModelEvent, ModelRequest } from './chat-model.ts';
import type { Embedder } from './embedder.ts';

/** What OpenTelemetry calls the providers that it has names for. */
const KNOWN: Readonly<Record<string, string>> = { azure: 'azure.ai.openai', google: 'gcp.gemini' };

/**
 * The same model, each of whose answers is a span with its repeats in it. What was asked and said is never recorded.
 * https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/client-inference.md
 */
export function tracedModel(model: ChatModel): ChatModel {
  return {
    ...model,
    around: (wrap) => tracedModel(around(model, wrap)),
    stream: (request) => {
      const work = currentWork();
      if (!work?.span) return model.stream(request);
      const name = modelOf(model.id);
      const span = work.span.child(`chat ${name}`, kindOf(model.id), requestAttributes(model.id, request));
      return spanned(model, request, { ids: work.ids, span });
    },
  };
}

async function* spanned(
  model: ChatModel,
  request: ModelRequest,
  work: { ids: Readonly<Record<string, string>>; span: Span },
): AsyncGenerator<readonly ModelEvent[]> {
  const { span } = work;
  const begun = performance.now();
  let isFirst = true;
  const events = inWork(work, () => model.stream(request)[Symbol.asyncIterator]());
  try {
    for (;;) {
      const next = await inWork(work, () => events.next());
      if (next.done) return;
      if (isFirst) span.set({ 'gen_ai.response.time_to_first_chunk': (performance.now() - begun) / 1000 });
      isFirst = false;
      const last = next.value.at(-1);
      if (last?.type === 'finish') span.set(finishAttributes(last));
      yield next.value;
    }
  } catch (error) {
    span.end(error);
    throw error;
  } finally {
    await events.return?.();
    span.end();
  }
}

/** The same embedder, each of whose calls is a span. */
export function tracedEmbedder(embedder: Embedder): Embedder {
  const attributes = { ...modelAttributes(embedder.id), 'gen_ai.operation.name': 'embeddings' };
  return {
    ...embedder,
    around: (wrap) => tracedEmbedder(around(embedder, wrap)),
    embed: (texts, signal, onUsage) =>
      traced(`embeddings ${modelOf(embedder.id)}`, kindOf(embedder.id), attributes, (span) => {
        if (!span) return embedder.embed(texts, signal, onUsage);
        let counted = 0;
        return embedder.embed(texts, signal, (tokens) => {
          counted += tokens;
          span.set({ 'gen_ai.usage.input_tokens': counted });
          onUsage?.(tokens);
        });
      }),
  };
}

function modelOf(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

/** The built-in model runs in this process. */
function kindOf(id: string): 'client' | 'internal' {
  return id.includes('/') ? 'client' : 'internal';
}

function modelAttributes(id: string): Attributes {
  const provider = id.includes('/') ? (id.split('/', 1)[0] ?? id) : 'parley';
  return { 'gen_ai.provider.name': KNOWN[provider] ?? provider, 'gen_ai.request.model': modelOf(id) };
}

function requestAttributes(id: string, { format, maxOutputTokens, temperature }: ModelRequest): Attributes {
  return {
    ...modelAttributes(id),
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.stream': true,
    'gen_ai.request.max_tokens': maxOutputTokens,
    'gen_ai.request.temperature': temperature,
    'gen_ai.output.type': format ? 'json' : 'text',
  };
}

function finishAttributes({ reason, usage, costUsd }: Extract<ModelEvent, { type: 'finish' }>): Attributes {
  return {
    'gen_ai.response.finish_reasons': [reason.replace('-', '_')],
    'gen_ai.usage.input_tokens': usage?.inputTokens,
    'gen_ai.usage.output_tokens': usage?.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInputTokens,
    'parley.cost_usd': costUsd ?? undefined,
  };
}
