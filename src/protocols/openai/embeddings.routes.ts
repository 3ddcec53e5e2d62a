import { type Static, Type } from 'typebox';
import { ModelError } from '../../ai/chat-model.ts';
import { words } from '../../platform/http/schema.ts';
import type { App } from '../../platform/http/server.ts';
import type { OpenaiDependencies } from './dependencies.ts';
import { openaiErrors } from './openai.errors.ts';
import { unsupportedField } from './unsupported.ts';

const Input = Type.String({ minLength: 1 });

const EmbeddingBody = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 200 }),
    input: Type.Union([
      Input,
      Type.Array(Input, { minItems: 1, maxItems: 2048 }),
      Type.Array(Type.Unknown(), { description: 'Tokens: refused, since each model counts its own.' }),
    ]),
    encoding_format: Type.Optional(words(['float', 'base64'], { default: 'float' })),
    dimensions: Type.Optional(Type.Integer({ minimum: 1 })),
    user: Type.Optional(Type.String()),
  },
  { additionalProperties: true, title: 'EmbeddingRequest' },
);

export function embeddingRoutes(app: App, { models, usage }: OpenaiDependencies): void {
  app.post(
    '/v1/embeddings',
    {
      config: { access: 'member', timeout: 60_000 },
      schema: { tags: ['OpenAI'], summary: 'Vectors of texts', body: EmbeddingBody },
    },
    async ({ principal, body, signal }) => {
      const { embedder } = models;
      if (!embedder)
        throw openaiErrors.noEmbedder(undefined, { fields: [{ field: 'model', message: 'is not configured' }] });
      if (!isNamed(embedder.id, body.model)) throw unknownModel(body.model, embedder.id);
      const texts = textsOf(body);
      let tokens = 0;
      const { tenant, userId, apiKeyId } = principal;
      const metered = usage.meter.embedder(embedder, { tenant, userId, apiKeyId, purpose: 'request' });
      const vectors = await metered.embed(texts, signal, (used) => (tokens += used)).catch(refuse);
      return {
        object: 'list',
        data: vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: body.encoding_format === 'base64' ? base64(vector) : vector,
        })),
        model: embedder.id,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    },
  );
}

function isNamed(id: string, name: string): boolean {
  return name === id || name === id.slice(id.indexOf('/') + 1);
}

function unknownModel(name: string, id: string) {
  const message = `is not the model for embeddings here; that is "${id}"`;
  return openaiErrors.modelNotFound(`"${name.slice(0, 100)}" ${message}.`, { fields: [{ field: 'model', message }] });
}

function textsOf({ input, dimensions }: Static<typeof EmbeddingBody>): string[] {
  if (dimensions !== undefined) throw unsupportedField('dimensions');
  const texts = typeof input === 'string' ? [input] : input;
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw unsupportedField('input', 'must be text here, not tokens');
}

/** Little-endian 32-bit floats, as OpenAI's clients read them. */
function base64(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64');
}

function refuse(error: unknown): never {
  if (!(error instanceof ModelError)) throw error;
  if (error.kind === 'rate-limited') throw openaiErrors.runLimited(undefined, { cause: error });
  if (error.kind === 'timeout') throw openaiErrors.runTimedOut(undefined, { cause: error });
  throw openaiErrors.runFailed(undefined, { cause: error });
}
