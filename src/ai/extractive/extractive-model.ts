import { answerFromMemory } from '../../lib/extractive/answer-from-memory.ts';
import { composeAnswer, type PlacedQuote } from '../../lib/extractive/compose-answer.ts';
import { selectQuotes } from '../../lib/extractive/select-quotes.ts';
import { type ChatModel, ModelError, type ModelEvent, type ModelRequest } from '../chat-model.ts';

/** The built-in model: it writes nothing of its own, it quotes. The same request gives the same answer. */
export function extractiveModel(): ChatModel {
  return {
    id: 'extractive',
    writesJson: false,
    async *stream(request) {
      if (request.format) throw new ModelError('bad-request', 'The extractive model quotes; it can not write JSON.');
      const { text, quotes } = answerOf(request);
      const said = request.partialAnswer ?? '';
      if (!text.startsWith(said))
        throw new ModelError('cannot-continue', 'The passages changed, so that the answer can not be continued.');
      for (const events of batches(text, said.length, quotes)) {
        request.signal.throwIfAborted();
        yield events;
        // A long answer must not keep other sessions, or an abort, from their turn.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      request.signal.throwIfAborted();
      yield [{ type: 'finish', reason: 'stop', usage: { inputTokens: 0, outputTokens: 0 } }];
    },
  };
}

const GREETING =
  'Hello! I answer questions from the documents that were added here: I quote the passages that fit best and say where they stand. What would you like to know?';
const NOTHING_FOUND = 'I found nothing about that in your documents.';

type Answer = { text: string; quotes: readonly PlacedQuote[] };

function answerOf({ passages, messages, memory }: ModelRequest): Answer {
  if (memory?.done) return { text: memory.done, quotes: [] };
  const [question = '', before = null] = messages
    .flatMap(({ role, content }) => (role === 'user' ? content : []))
    .toReversed();
  const remembered = answerFromMemory(question, memory?.items ?? []);
  if (remembered?.isSure) return { text: remembered.text, quotes: [] };
  if (passages === null) return { text: remembered?.text ?? GREETING, quotes: [] };
  const quotes = selectQuotes({ question, before }, passages);
  if (quotes.length > 0) return composeAnswer(quotes, passages);
  return { text: remembered?.text ?? NOTHING_FOUND, quotes: [] };
}

/** A few words each, so that an answer grows before the reader's eyes. */
const PIECE = /(?:\s*\S{1,80}){1,4}|\s+/gu;
/** Pieces in a batch. */
const BATCH = 8;

/** The text from `from` on; each quote as soon as it is said, those of the part before `from` as well. */
function* batches(text: string, from: number, quotes: readonly PlacedQuote[]): Generator<ModelEvent[]> {
  const pieces = text.slice(from).match(PIECE) ?? [];
  let said = from;
  let told = 0;
  for (let index = 0; told < quotes.length || index < pieces.length; index += BATCH) {
    const events: ModelEvent[] = pieces.slice(index, index + BATCH).map((delta) => ({ type: 'text-delta', delta }));
    said += pieces.slice(index, index + BATCH).join('').length;
    const due = quotes.slice(told).filter(({ answerEnd }) => answerEnd <= said);
    told += due.length;
    yield [...events, ...due.map((quote): ModelEvent => ({ type: 'quote', ...quote }))];
  }
}
