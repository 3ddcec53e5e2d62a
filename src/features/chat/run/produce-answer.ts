import type { Answer, AnswerStep } from './answer.ts';
import { type Asking, askModel } from './ask-model.ts';
import type { RecalledFields, RunUsage } from './event.ts';
import type { EvidencePassage } from './evidence.ts';
import type { AwaitedCall } from './run.store.ts';
import type { ToolSet } from './run-tools.ts';
import type { RunWriter } from './run-writer.ts';
import { awaitedCalls, type Calling, settleCalls } from './tool-calls.ts';
import { NO_USAGE } from './usage.ts';

export type Retrieved = {
  query: string;
  route: string;
  strategy: string;
  hits: readonly { chunk_id: string; document_id: string; title: string; score: number }[];
  /** Null: nothing was searched for. */
  passages: readonly EvidencePassage[] | null;
};

export type Answering = Omit<Asking, 'tools' | 'passages' | 'toolPassages' | 'recalled'> & {
  /** Null: the run uses no memory. */
  recall: ((signal: AbortSignal) => Promise<RecalledFields>) | null;
  retrieve(signal: AbortSignal): Promise<Retrieved>;
  calling: Omit<Calling, 'takeNumbers'>;
  /** Whether the run ends at a call of a client's tool, rather than to wait for its output. */
  endsAtClientTools: boolean;
};

/** `waitsFor`: the calls that only a client can bring further; none when the answer is complete. */
export type Produced = { usage: RunUsage; waitsFor: readonly AwaitedCall[] };

/**
 * The steps of a run until the model stops or a client is needed: the model's text and calls, what it cites, and the results
 * of the calls. Emits into `writer` as it goes; what its answer already has, from another worker, is not done again.
 */
export async function produceAnswer(answering: Answering, writer: RunWriter, signal: AbortSignal): Promise<Produced> {
  const { answer } = writer;
  let evidence: Evidence | null = null;
  while (!isAnswered(answer, answering)) {
    await writer.room();
    const step = openStep(writer);
    evidence ??= await gatherEvidence(answering, writer, signal);
    await workOn(step, answering, evidence, writer, signal);
    const waitsFor = step.ended ? [] : awaitedCalls(step);
    if (waitsFor.length > 0 && !answering.endsAtClientTools) return { usage: answer.usage ?? NO_USAGE, waitsFor };
    if (!step.ended) writer.emit({ type: 'step-end', step: step.number, finish_reason: 'tool-calls' });
  }
  return { usage: answer.usage ?? NO_USAGE, waitsFor: [] };
}

async function workOn(
  step: AnswerStep,
  answering: Answering,
  { passages, takeNumbers }: Evidence,
  writer: RunWriter,
  signal: AbortSignal,
): Promise<void> {
  const { tools } = answering.calling;
  const toolPassages = () => passagesOf(writer.answer, tools);
  if (!step.said)
    await askModel(
      { ...answering, recalled: writer.answer.recalled, tools, passages, toolPassages },
      step,
      writer,
      signal,
    );
  if (!step.ended) await settleCalls(step, { ...answering.calling, takeNumbers }, writer, signal);
}

/** The step that is under way, or a new one. */
function openStep(writer: RunWriter): AnswerStep {
  const last = writer.answer.steps.at(-1);
  if (last && !last.ended) return last;
  writer.emit({ type: 'step-start', step: (last?.number ?? 0) + 1 });
  return writer.answer.steps.at(-1) as AnswerStep;
}

/** Whether nothing is missing but the run's end. A model that called to the last, although it might not, is asked once more
 * for its answer. */
export function isAnswered({ steps }: Answer, { mostSteps }: { mostSteps: number }): boolean {
  const last = steps.at(-1);
  if (!last?.ended) return false;
  const unanswered = last.calls.some(({ state }) => state !== 'answered');
  return last.calls.length === 0 || unanswered || last.number > mostSteps;
}

type Evidence = { passages: readonly EvidencePassage[] | null; takeNumbers(count: number): number };

/** What was retrieved for the question, once for each worker; numbers that tools' passages have in the log stay theirs. */
async function gatherEvidence(
  { retrieve, recall, calling }: Answering,
  writer: RunWriter,
  signal: AbortSignal,
): Promise<Evidence> {
  // What a worker before this one was given, and forgot, is in the log: it is not asked for again.
  const asked = writer.answer.recalled === null ? recall : null;
  const [{ passages, ...shown }, recalled] = await Promise.all([retrieve(signal), asked?.(signal)]);
  if (recalled && (recalled.items.length > 0 || recalled.forgotten !== null)) {
    writer.emit({ type: 'recall', ...recalled });
  }
  const event = { type: 'retrieval', ...shown } as const;
  if (writer.answer.retrieval !== JSON.stringify(event)) writer.emit(event);
  const taken = new Set(passagesOf(writer.answer, calling.tools).map(({ number }) => number));
  const kept = passages?.filter(({ number }) => !taken.has(number)) ?? null;
  let next = Math.max(0, ...taken, ...(kept ?? []).map(({ number }) => number)) + 1;
  return {
    passages: kept,
    takeNumbers(count) {
      const first = next;
      next += count;
      return first;
    },
  };
}

/** The citable passages that tools have found so far. */
function passagesOf({ steps }: Answer, tools: ToolSet): EvidencePassage[] {
  return steps.flatMap(({ calls }) =>
    calls.flatMap(({ name, result }) => {
      const offered = tools.get(name);
      if (offered?.executor !== 'server' || !result || !('output' in result)) return [];
      return offered.tool.passagesOf?.(result.output) ?? [];
    }),
  );
}
