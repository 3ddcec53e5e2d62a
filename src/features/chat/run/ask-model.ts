import {
  type ChatModel,
  type FinishReason,
  ModelError,
  type ModelEvent,
  type ModelRequest,
  type TokenUsage,
} from '../../../ai/chat-model.ts';
import { unfenced } from '../../../lib/json/unfenced.ts';
import type { AnswerStep } from './answer.ts';
import { assertFormat } from './answer-format.ts';
import { type ContextLimits, historyBudget } from './context-budget.ts';
import type { RecalledFields } from './event.ts';
import { citationsOf, type EvidencePassage, type Quote } from './evidence.ts';
import { type ModelContext, modelParameters, stepMessages, toldOfTurns } from './model-context.ts';
import type { ToolSet } from './run-tools.ts';
import type { RunWriter } from './run-writer.ts';
import { logCalls, type WrittenCall } from './tool-calls.ts';
import type { ToolChoice } from './tool-request.ts';
import { addUsage, stepUsage } from './usage.ts';

/** What a step's question to the model is made of. */
export type Asking = {
  /** Every model call of a run goes through this one. */
  model: ChatModel;
  context: ModelContext;
  contextLimits: ContextLimits;
  passages: readonly EvidencePassage[] | null;
  /** What memory gave; null where it gave nothing. */
  recalled: RecalledFields | null;
  /** What tools found until now. */
  toolPassages(): readonly EvidencePassage[];
  tools: ToolSet;
  toolChoice: ToolChoice;
  mostSteps: number;
  onFirstText(): void;
  sent: {
    /** Characters of the request that is under way, for the estimate when it is cut off; null while none is. */
    characters: number | null;
    /** What it cost, once it has ended, however it ended; null before, and without a price. */
    costUsd: number | null;
  };
};

/** The model's part of a step: its text, what that cites, its calls and what it all used. */
export async function askModel(
  asking: Asking,
  step: AnswerStep,
  writer: RunWriter,
  signal: AbortSignal,
): Promise<void> {
  // Its text was complete, but not all of its citations: they are made from the whole text, so it is said again.
  if (step.partId !== null && writer.answer.openPart !== step.partId) resetPart(writer, step.partId);
  const said = await streamOn(asking, step, writer, signal);
  // From here to the end without a pause, so that a worker that takes over finds all of it or nothing.
  const { partId } = step;
  const text = writer.answer.textOf(partId);
  if (partId !== null) {
    writer.emit({ type: 'text-end', part_id: partId });
    const passages = asking.context.format ? [] : [...(asking.passages ?? []), ...asking.toolPassages()];
    for (const citation of citationsOf(text, passages, partId, said.quotes))
      writer.emit({ type: 'citation', ...citation });
  }
  logCalls(said.calls, step.number < asking.mostSteps ? asking.tools : null, writer);
  const used = stepUsage(said, { asked: asking.sent.characters ?? 0, said: text.length });
  writer.emit({ type: 'usage', ...addUsage(writer.answer.usage, used) });
  asking.sent.characters = null;
  if (said.calls.length > 0) return;
  // What was cut off says so by its reason; it can be no whole JSON.
  if (asking.context.format && said.reason === 'stop') assertFormat(asking.context.format, text);
  writer.emit({ type: 'step-end', step: step.number, finish_reason: said.reason });
}

function resetPart(writer: RunWriter, partId: string): void {
  const reason = 'The worker that wrote this was lost; the answer starts again.';
  writer.emit({ type: 'text-reset', part_id: partId, reason });
}

type Said = {
  model: string;
  usage: TokenUsage | null;
  costUsd: number | null;
  reason: FinishReason;
  quotes: Quote[];
  calls: WrittenCall[];
  /** There where JSON was asked for. */
  json: ReturnType<typeof unfenced> | null;
};

/** Goes on behind what clients have already seen; where the model can't, the part is dropped and said again. */
async function streamOn(asking: Asking, step: AnswerStep, writer: RunWriter, signal: AbortSignal): Promise<Said> {
  if (step.partId !== null && writer.answer.textOf(step.partId) !== '') {
    // No mode for JSON can begin in the middle of it.
    if (asking.context.format) resetPart(writer, step.partId);
    try {
      return await streamStep(asking, step, writer, signal);
    } catch (error) {
      if (!(error instanceof ModelError && error.kind === 'cannot-continue')) throw error;
      resetPart(writer, step.partId);
    }
  }
  return streamStep(asking, step, writer, signal);
}

async function streamStep(asking: Asking, step: AnswerStep, writer: RunWriter, signal: AbortSignal): Promise<Said> {
  const { model } = asking;
  const request = requestOf(asking, step, writer, signal);
  asking.sent.characters = charactersOf(request);
  asking.sent.costUsd = null;
  const said: Said = {
    model: model.id,
    usage: null,
    costUsd: null,
    reason: 'other',
    quotes: [],
    calls: [],
    json: asking.context.format && unfenced(),
  };
  let silent = true;
  for await (const batch of model.stream(request)) {
    if (silent && batch.some(({ type }) => type === 'text-delta')) {
      silent = false;
      if (step.number === 1) asking.onFirstText();
    }
    for (const event of batch) take(event, said, step, writer);
    // What follows the model's last word, the run's end too, is written with it.
    if (!batch.some(({ type }) => type === 'finish')) await writer.room();
  }
  say(said.json?.end() ?? '', step, writer);
  if (writer.answer.textOf(step.partId) === '') assertExplained(said, step, asking);
  return said;
}

/** Of a step without text. @throws ModelError */
function assertExplained({ calls, reason }: Said, { number }: AnswerStep, { mostSteps }: Asking): void {
  if (number > mostSteps) throw new ModelError('protocol', 'The model only called tools.');
  // After a tool there may be nothing left to say; a model may think up all that it may write, or not be let speak at all.
  const explained = calls.length > 0 || number > 1 || reason === 'length' || reason === 'content-filter';
  if (!explained) throw new ModelError('protocol', 'The model answered with no text.');
}

function memoryOf({ items, forgotten }: RecalledFields): NonNullable<ModelRequest['memory']> {
  const said = items.map(({ kind, role, content, created_at: saidAt }) => ({ kind, role, content, saidAt }));
  return { items: said, done: forgotten };
}

function requestOf(asking: Asking, step: AnswerStep, writer: RunWriter, signal: AbortSignal): ModelRequest {
  const { context, contextLimits, model, passages, recalled, tools, toolChoice, mostSteps } = asking;
  const partialAnswer = writer.answer.textOf(step.partId);
  const request = {
    ...modelParameters(context),
    messages: stepMessages(writer.answer),
    passages,
    ...(recalled && { memory: memoryOf(recalled) }),
    // The first word waits for no other.
    gatherMs: () => (writer.answer.textOf(step.partId) === '' ? 0 : writer.gatherMs),
    signal,
    ...(tools.size > 0 && {
      tools: [...tools.values()].map(({ definition }) => definition),
      toolChoice: choiceIn(step.number, mostSteps, toolChoice),
    }),
    ...(partialAnswer !== '' && { partialAnswer }),
  };
  const told = toldOfTurns(context, historyBudget(contextLimits, model.id, request));
  const { firstId } = told;
  if (told.isCut && firstId !== null && writer.answer.historyFrom !== firstId)
    writer.emit({ type: 'history-cut', first_message_id: firstId });
  return { ...request, messages: [...told.messages, ...request.messages] };
}

/** A tool is demanded once only, and in the last step the model must come to its answer. */
function choiceIn(step: number, mostSteps: number, asked: ToolChoice): NonNullable<ModelRequest['toolChoice']> {
  if (step >= mostSteps || asked === 'none') return 'none';
  if (step > 1) return 'auto';
  return typeof asked === 'string' ? asked : { name: asked.name };
}

function charactersOf({ instructions, messages, passages, memory, tools }: ModelRequest): number {
  const texts = messages.reduce((sum, { content }) => sum + content.length, 0);
  const evidence = (passages ?? []).reduce((sum, { text }) => sum + text.length, 0);
  const remembered = (memory?.items ?? []).reduce((sum, { content }) => sum + content.length, 0);
  return (
    (instructions?.length ?? 0) + texts + evidence + remembered + (tools?.length ? JSON.stringify(tools).length : 0)
  );
}

function take(event: ModelEvent, said: Said, step: AnswerStep, writer: RunWriter): void {
  switch (event.type) {
    case 'text-delta':
      say(said.json ? said.json.push(event.delta) : event.delta, step, writer);
      break;
    case 'quote':
      said.quotes.push(event);
      break;
    case 'tool-call':
      said.calls.push(event.toolCall);
      break;
    case 'fallback':
      said.model = event.model;
      break;
    case 'finish':
      said.usage = event.usage;
      said.costUsd = event.costUsd ?? null;
      said.reason = event.reason;
      break;
  }
}

function say(delta: string, step: AnswerStep, writer: RunWriter): void {
  if (delta === '') return;
  writer.emit({ type: 'text-delta', part_id: step.partId ?? openPart(step, writer), delta });
}

function openPart(step: AnswerStep, writer: RunWriter): string {
  const partId = `text-${step.number}`;
  writer.emit({ type: 'text-start', part_id: partId });
  return partId;
}
