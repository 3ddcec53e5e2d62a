import { type ChatModel, ModelError, type ModelEvent, type ModelRequest } from '../../../src/ai/chat-model.ts';

type StepEnd = { kind: 'stop' } | { kind: 'call'; tool: string; id: string } | { kind: 'fail' };
export type DictatedStep = { tokens: string[]; end: StepEnd | null };

/**
 * Answers that a test dictates word by word, to whichever worker asks for them: each question has its own. A worker that
 * takes over is told the same again from where its text ends, as a model that goes on would.
 */
export class DictatedAnswer {
  readonly question: string;
  readonly steps: DictatedStep[] = [{ tokens: [], end: null }];
  #news = Promise.withResolvers<void>();

  constructor(question: string) {
    this.question = question;
  }

  get ended(): boolean {
    return this.steps.at(-1)?.end != null;
  }

  /** One more word, unlike all others. */
  say(): void {
    const step = this.#open();
    step?.tokens.push(`${this.question}.${this.steps.length}.${step.tokens.length} `);
    this.#tell();
  }

  stop(): void {
    this.#end({ kind: 'stop' });
  }

  /** Garbage instead of the next word. */
  fail(): void {
    this.#end({ kind: 'fail' });
  }

  /** The step ends by calling a tool; the next one begins behind its result. Returns the call's id. */
  call(tool: string): string | null {
    if (!this.#open()) return null;
    const id = `${this.question}-call-${this.steps.length}`;
    this.#end({ kind: 'call', tool, id });
    this.steps.push({ tokens: [], end: null });
    return id;
  }

  changed(): Promise<void> {
    return this.#news.promise;
  }

  #open(): DictatedStep | null {
    const step = this.steps.at(-1);
    return step && step.end === null ? step : null;
  }

  #end(end: StepEnd): void {
    const step = this.#open();
    if (step) step.end = end;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}

/** Says what was dictated for the question that it is asked. */
export function dictatedModel(answers: ReadonlyMap<string, DictatedAnswer>): ChatModel {
  return {
    id: 'fake/dictated',
    async *stream(request) {
      const answer = answers.get(questionOf(request));
      if (!answer) throw new ModelError('bad-request', 'Nothing was dictated for this question.');
      const step = answer.steps[resultsIn(request)];
      if (!step) throw new ModelError('protocol', 'This step was not dictated.');
      for await (const words of wordsOf(step, answer, request)) {
        yield words.map((delta) => ({ type: 'text-delta' as const, delta }));
      }
      yield endOf(step);
    },
  };
}

async function* wordsOf(step: DictatedStep, answer: DictatedAnswer, request: ModelRequest): AsyncGenerator<string[]> {
  let said = wordsIn(request.partialAnswer ?? '');
  for (;;) {
    request.signal.throwIfAborted();
    const changed = answer.changed();
    const words = step.tokens.slice(said);
    said += words.length;
    if (words.length > 0) yield words;
    else if (step.end) return;
    else await Promise.race([changed, aborted(request.signal)]);
  }
}

function endOf({ end, tokens }: DictatedStep): ModelEvent[] {
  if (end?.kind === 'fail') throw new ModelError('protocol', 'Garbage came.');
  const usage = { inputTokens: 1, outputTokens: tokens.length };
  if (end?.kind !== 'call') return [{ type: 'finish', reason: 'stop', usage }];
  const toolCall = { id: end.id, name: end.tool, input: { key: end.id } };
  return [
    { type: 'tool-call', toolCall },
    { type: 'finish', reason: 'tool-calls', usage },
  ];
}

function questionOf({ messages }: ModelRequest): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}

function resultsIn({ messages }: ModelRequest): number {
  const question = messages.findLastIndex(({ role }) => role === 'user');
  return messages.slice(question).filter(({ role }) => role === 'tool').length;
}

function wordsIn(text: string): number {
  return text.split(' ').length - 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
