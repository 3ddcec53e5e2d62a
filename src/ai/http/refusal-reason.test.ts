import { describe, expect, test } from 'vitest';
import { statusError } from './upstream-error.ts';

/** Refusals as providers write them. */
describe('a refusal', () => {
  test.each([
    [
      'OpenAI',
      404,
      '{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","code":"model_not_found"}}',
    ],
    ['Anthropic', 404, '{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}'],
    ['Gemini', 404, '[{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1main"}}]'],
    ['OpenRouter', 400, '{"error":{"message":"x/y is not a valid model ID","code":400}}'],
    ['OpenRouter without a provider', 404, '{"error":{"message":"No endpoints found for x/y.","code":404}}'],
    ['Ollama', 404, '{"error":{"message":"model \\"llama9\\" not found, try pulling it first"}}'],
    ['vLLM', 404, '{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError"}'],
    [
      'Azure',
      404,
      '{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}',
    ],
    ['Mistral', 400, '{"object":"error","message":"Invalid model: x","type":"invalid_model"}'],
  ])('of %s for a model that is not known is one', (_, status, body) => {
    expect(statusError('x', status, {}, body)).toMatchObject({ kind: 'bad-request', refusal: 'unknown-model' });
  });

  test.each([
    [
      'OpenAI',
      400,
      '{"error":{"message":"This model\'s maximum context length is 128000 tokens.","code":"context_length_exceeded"}}',
    ],
    [
      'OpenAI in other words',
      400,
      '{"error":{"message":"Your input exceeds the context window of this model.","code":"x"}}',
    ],
    [
      'Anthropic',
      400,
      '{"error":{"type":"invalid_request_error","message":"prompt is too long: 215000 tokens > 200000 maximum"}}',
    ],
    [
      'Anthropic with its answer',
      400,
      '{"error":{"message":"input length and `max_tokens` exceed context limit: 1 + 2 > 2"}}',
    ],
    [
      'Gemini',
      400,
      '{"error":{"message":"The input token count (2) exceeds the maximum number of tokens allowed (1)."}}',
    ],
    [
      'llama.cpp',
      400,
      '{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}',
    ],
    ['OpenRouter', 400, '{"error":{"message":"This endpoint\'s maximum context length is 8192 tokens.","code":400}}'],
  ])('of %s for what is too long is one', (_, status, body) => {
    expect(statusError('x', status, {}, body)).toMatchObject({ kind: 'bad-request', refusal: 'context-too-long' });
  });

  test.each([
    [401, '{"error":{"code":"model_not_found"}}'],
    [500, 'The model does not exist'],
    [400, '{"error":{"message":"Unsupported parameter: \'stop\' is not supported with this model."}}'],
    [404, '<html>404 Not Found</html>'],
    [400, '{"error":{"message":"Invalid schema for function \'model\'."}}'],
  ])('of another kind is none: %i %s', (status, body) => {
    expect(statusError('x', status, {}, body).refusal).toBeNull();
  });
});
