import type { ChatModel } from '../../../ai/chat-model.ts';
import type { Analysis, CodeBase } from '../analysis.ts';
import { parseSuggestions, UnusableSuggestionsError } from './parse-suggestions.ts';
import type { Suggestions } from './suggestion.ts';
import { SUGGESTION_INSTRUCTIONS, SUGGESTION_SCHEMA, suggestionQuestion } from './suggestion-question.ts';

const MOST_OUTPUT_TOKENS = 3_000;
const LONGEST_ANSWER = 64_000;

/**
 * Asks a model, which its caller has metered, what it suggests about an analysis that is complete. Whatever goes wrong is a
 * note: an analysis never fails for want of a model. @throws only the signal's reason
 */
export async function suggest(
  model: ChatModel,
  code: CodeBase,
  analysis: Analysis,
  signal: AbortSignal,
): Promise<Suggestions> {
  const without = (note: string | null): Suggestions => ({ model: model.id, kept: [], dropped: 0, note });
  if (model.writesJson === false) return without('This model cannot write what is asked for.');
  const question = suggestionQuestion(code, analysis);
  if (question === null) return without('There was nothing to ask about.');
  try {
    const { kept, dropped } = parseSuggestions(await ask(model, question, signal), code);
    return { model: model.id, kept, dropped, note: null };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnusableSuggestionsError) return without('The model’s answer could not be read.');
    return without('The model did not answer, or may not be paid now.');
  }
}

async function ask(model: ChatModel, question: string, signal: AbortSignal): Promise<string> {
  let answer = '';
  const events = model.stream({
    instructions: SUGGESTION_INSTRUCTIONS,
    messages: [{ role: 'user', content: question }],
    passages: null,
    format: { type: 'json_schema', name: 'suggestions', schema: SUGGESTION_SCHEMA, strict: true },
    maxOutputTokens: MOST_OUTPUT_TOKENS,
    temperature: 0,
    signal,
  });
  for await (const batch of events) {
    for (const event of batch) if (event.type === 'text-delta') answer += event.delta;
    if (answer.length > LONGEST_ANSWER) throw new UnusableSuggestionsError('The answer is too long.');
  }
  return answer;
}
