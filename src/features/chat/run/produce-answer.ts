import {
  type ChatModel,
  type FinishReason,
  ModelError,
  type ModelEvent,
  type Passage,
  type TokenUsage,
} from '../../../ai/chat-model.ts';
import { findCitations } from '../../../lib/citations/find-citations.ts';
import type { CitationFields } from '../message.ts';
import type { RunUsage } from './event.ts';
import { type ModelContext, modelMessages } from './model-context.ts';
import type { RunWriter } from './run-writer.ts';

export type Retrieved = {
  query: string;
  route: string;
  strategy: string;
  hits: readonly { chunk_id: string; document_id: string; title: string; score: number }[];
  /** Null: nothing was searched for. */
  passages: readonly EvidencePassage[] | null;
};

/** A passage with its place in the document's text, so that a citation's span can be given in the document. */
export type EvidencePassage = Passage & { documentStart: number };

export type Answering = {
  model: ChatModel;
  context: ModelContext;
  retrieve(signal: AbortSignal): Promise<Retrieved>;
  onFirstText(): void;
};

/** One step of a run: retrieval, then the model's text, then the citations that it earns. Emits into `writer` as it goes. */
export async function produceAnswer(
  answering: Answering,
  writer: RunWriter,
  signal: AbortSignal,
): Promise<{ usage: RunUsage; reason: FinishReason }> {
  writer.emit({ type: 'step-start', step: 1 });
  const retrieved = await answering.retrieve(signal);
  const { passages, ...shown } = retrieved;
  writer.emit({ type: 'retrieval', ...shown });
  const partId = openTextPart(writer);
  const finish = await streamOn(answering, passages, writer, partId, signal);
  writer.emit({ type: 'text-end', part_id: partId });
  const text = writer.answer.textOf(partId);
  for (const citation of citationsOf(text, passages ?? [], partId, finish.quotes)) {
    writer.emit({ type: 'citation', ...citation });
  }
  const usage = usageOf(answering, finish, text);
  writer.emit({ type: 'usage', ...usage });
  writer.emit({ type: 'step-end', step: 1, finish_reason: finish.reason });
  return { usage, reason: finish.reason };
}

/** The part that the answer's text goes into: the one that a lost worker left, or a new one. */
function openTextPart(writer: RunWriter): string {
  const { answer } = writer;
  const left = answer.lastPart;
  if (left === null) {
    writer.emit({ type: 'text-start', part_id: FIRST_PART });
    return FIRST_PART;
  }
  // Its text was complete, but not all of its citations: they are made from the whole text, so it is said again.
  if (answer.openPart === null) resetPart(writer, left);
  return left;
}

const FIRST_PART = 'text-1';

function resetPart(writer: RunWriter, partId: string): void {
  const reason = 'The worker that wrote this was lost; the answer starts again.';
  writer.emit({ type: 'text-reset', part_id: partId, reason });
}

type Quote = Extract<ModelEvent, { type: 'quote' }>;
type Finish = { usage: TokenUsage | null; costUsd: number | null; reason: FinishReason; quotes: Quote[] };

/** Goes on behind what clients have already seen; where the model can't, the part is dropped and said again. */
async function streamOn(
  answering: Answering,
  passages: readonly EvidencePassage[] | null,
  writer: RunWriter,
  partId: string,
  signal: AbortSignal,
): Promise<Finish> {
  if (writer.answer.textOf(partId) !== '') {
    try {
      return await streamText(answering, passages, writer, partId, signal);
    } catch (error) {
      if (!(error instanceof ModelError && error.kind === 'cannot-continue')) throw error;
      resetPart(writer, partId);
    }
  }
  return streamText(answering, passages, writer, partId, signal);
}

async function streamText(
  { model, context, onFirstText }: Answering,
  passages: readonly EvidencePassage[] | null,
  writer: RunWriter,
  partId: string,
  signal: AbortSignal,
): Promise<Finish> {
  const finish: Finish = { usage: null, costUsd: null, reason: 'other', quotes: [] };
  const partialAnswer = writer.answer.textOf(partId);
  const request = { ...modelMessages(context), passages, signal, ...(partialAnswer !== '' && { partialAnswer }) };
  let silent = true;
  for await (const batch of model.stream(request)) {
    if (silent && batch.some(({ type }) => type === 'text-delta')) {
      silent = false;
      onFirstText();
    }
    for (const event of batch) take(event, finish, writer, partId);
    await writer.room();
  }
  if (writer.answer.textOf(partId) === '' && finish.reason !== 'tool-calls') {
    throw new ModelError('protocol', 'The model answered with no text.');
  }
  return finish;
}

function take(event: ModelEvent, finish: Finish, writer: RunWriter, partId: string): void {
  switch (event.type) {
    case 'text-delta':
      writer.emit({ type: 'text-delta', part_id: partId, delta: storable(event.delta) });
      break;
    case 'quote':
      finish.quotes.push(event);
      break;
    case 'finish':
      finish.usage = event.usage;
      finish.costUsd = event.costUsd ?? null;
      finish.reason = event.reason;
      break;
    default:
  }
}

/** What a model says may hold what no database text can. */
function storable(delta: string): string {
  return delta.includes('\0') ? delta.replaceAll('\0', '\uFFFD') : delta;
}

function citationsOf(
  text: string,
  passages: readonly EvidencePassage[],
  partId: string,
  quotes: readonly Quote[],
): CitationFields[] {
  const byNumber = new Map(passages.map((passage) => [passage.number, passage]));
  const found =
    quotes.length > 0
      ? quotes.map(({ passage, start, end, answerStart, answerEnd }) => ({
          passage,
          quote: { start, end },
          answerStart,
          answerEnd,
          supported: true,
        }))
      : findCitations(text, passages);
  return found.flatMap(({ passage: number, quote, answerStart, answerEnd, supported }) => {
    const passage = byNumber.get(number);
    if (!passage) return [];
    return {
      part_id: partId,
      chunk_id: passage.chunkId,
      document_id: passage.documentId,
      title: passage.title,
      quote: passage.text.slice(quote.start, quote.end),
      span: { start: passage.documentStart + quote.start, end: passage.documentStart + quote.end },
      answer_span: { start: answerStart, end: answerEnd },
      supported,
      heading_path: passage.headingPath,
      page: passage.page,
      number,
    };
  });
}

/** Characters of one token, where the provider counts none: about right for English. */
const CHARACTERS_PER_TOKEN = 4;

function usageOf({ model, context }: Answering, { usage: counted, costUsd }: Finish, text: string): RunUsage {
  const asked = context.messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    input_tokens: counted?.inputTokens ?? Math.ceil(asked / CHARACTERS_PER_TOKEN),
    output_tokens: counted?.outputTokens ?? Math.ceil(text.length / CHARACTERS_PER_TOKEN),
    // What runs inside this program costs nothing.
    cost_usd: model.id === 'extractive' ? 0 : costUsd,
  };
}
