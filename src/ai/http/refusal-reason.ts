import type { RefusalReason } from '../chat-model.ts';

/** What providers write when they do not know a model: OpenAI, vLLM, Ollama, OpenRouter, Gemini, Anthropic, Azure, Mistral. */
const UNKNOWN_MODEL =
  /model_not_found|DeploymentNotFound|invalid_model|No endpoints found|not_found_error.{0,80}\bmodel:|\bmodels?\b[^.]{0,200}\b(?:does not exist|not found|not a valid model)|not a valid model/i;

/** What they write when a request is more than a model can take in. */
const CONTEXT_TOO_LONG =
  /context_length_exceeded|exceed_context_size|maximum context length|(?:prompt|input|request) is too long|exceed(?:s|ed)?\b[^.]{0,80}\b(?:context (?:limit|length|window|size)|number of tokens allowed)|available context size|string_above_max_length/i;

/** Why a provider refuses a request, by the words of its refusal; null for other reasons. A refused key or too many requests
 * are known by their status. */
export function refusalReason(body: string): RefusalReason | null {
  if (CONTEXT_TOO_LONG.test(body)) return 'context-too-long';
  return UNKNOWN_MODEL.test(body) ? 'unknown-model' : null;
}
