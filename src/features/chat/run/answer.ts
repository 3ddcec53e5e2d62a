import type { ToolCall } from '../../../ai/chat-model.ts';
import type { MessagePart } from '../message.ts';
import type { RecalledFields, RunEvent, RunUsage, ToolExecutor } from './event.ts';
import { type CallSignal, type CallState, firstCallState, nextCallState } from './run-machine.ts';

/** A tool call as the log tells it. */
export type LoggedCall = ToolCall & {
  executor: ToolExecutor;
  state: CallState;
  /** Whether this worker wrote what let the call begin, rather than one before it. */
  inherited: boolean;
  /** Why a person refused it. */
  reason?: string;
  result?: { output: unknown } | { error: string };
};

/** One round of model and tools. */
export type AnswerStep = {
  number: number;
  /** Its text part, once there is one. */
  partId: string | null;
  calls: LoggedCall[];
  /** The model has said all that it says in this step. */
  said: boolean;
  ended: boolean;
};

/**
 * The answer's message and its steps, built from the run's events: the log alone says what was answered and what was called,
 * also after a takeover. Pure: the same events give the same parts.
 */
export class Answer {
  readonly steps: AnswerStep[] = [];
  readonly #texts = new Map<string, string>();
  readonly #order: (string | Exclude<MessagePart, { type: 'text' }>)[] = [];
  readonly #calls = new Map<string, LoggedCall>();
  #open: string | null = null;
  #usage: RunUsage | null = null;
  #waits = false;
  #restoring = false;
  #retrieval: string | null = null;
  #recalled: RecalledFields | null = null;
  #historyFrom: string | null = null;

  /** The text part that was begun and not ended, null when there is none. */
  get openPart(): string | null {
    return this.#open;
  }

  /** Of the steps that the model has finished. */
  get usage(): RunUsage | null {
    return this.#usage;
  }

  /** The last event says that the run waits for a client. */
  get waits(): boolean {
    return this.#waits;
  }

  /** What the last `retrieval` event said, as JSON. */
  get retrieval(): string | null {
    return this.#retrieval;
  }

  /** What memory gave; null before it was asked. */
  get recalled(): RecalledFields | null {
    return this.#recalled;
  }

  /** The oldest message that the model was told, where earlier ones were cut off. */
  get historyFrom(): string | null {
    return this.#historyFrom;
  }

  textOf(partId: string | null): string {
    return partId === null ? '' : (this.#texts.get(partId) ?? '');
  }

  call(id: string): LoggedCall | undefined {
    return this.#calls.get(id);
  }

  /** Events that another worker wrote. */
  restore(events: readonly RunEvent[]): void {
    this.#restoring = true;
    for (const event of events) this.add(event);
    this.#restoring = false;
  }

  add(event: RunEvent): void {
    this.#waits = event.type === 'run-wait';
    switch (event.type) {
      case 'step-start':
        this.#beginStep(event.step);
        break;
      case 'step-end':
        this.#step.ended = true;
        break;
      case 'retrieval':
        this.#retrieval = JSON.stringify({ ...event, seq: undefined });
        break;
      case 'recall':
        this.#recalled = { items: event.items, forgotten: event.forgotten };
        break;
      case 'history-cut':
        this.#historyFrom = event.first_message_id;
        break;
      case 'text-start':
        this.#open = event.part_id;
        this.#texts.set(event.part_id, '');
        this.#order.push(event.part_id);
        this.#step.partId = event.part_id;
        break;
      case 'text-delta':
        this.#texts.set(event.part_id, this.textOf(event.part_id) + event.delta);
        break;
      case 'text-end':
        this.#open = null;
        break;
      case 'text-reset':
        this.#texts.set(event.part_id, '');
        this.#dropCitationsOf(event.part_id);
        this.#open = event.part_id;
        break;
      case 'usage': {
        const { type: _, ...usage } = event;
        this.#usage = usage;
        this.#step.said = true;
        break;
      }
      case 'citation':
        this.#order.push(event);
        break;
      case 'tool-call':
        this.#order.push(event);
        this.#addCall(event);
        break;
      case 'tool-approval': {
        this.#order.push(event);
        const call = this.#move(event.tool_call_id, event.approved ? 'approve' : 'refuse');
        if (call && event.reason !== undefined) call.reason = event.reason;
        break;
      }
      case 'tool-result': {
        this.#order.push(event);
        const call = this.#move(event.tool_call_id, 'answer');
        if (call) call.result = event.error === undefined ? { output: event.output } : { error: event.error };
        break;
      }
      default:
    }
  }

  parts(): MessagePart[] {
    return this.#order
      .map(
        (entry): MessagePart =>
          typeof entry === 'string' ? { type: 'text', part_id: entry, text: this.textOf(entry) } : entry,
      )
      .filter((part) => part.type !== 'text' || part.text !== '');
  }

  get #step(): AnswerStep {
    return this.steps.at(-1) ?? this.#beginStep(1);
  }

  #beginStep(number: number): AnswerStep {
    const last = this.steps.at(-1);
    // A worker that takes a step over may say again that it begins.
    if (last?.number === number) return last;
    const step: AnswerStep = { number, partId: null, calls: [], said: false, ended: false };
    this.steps.push(step);
    return step;
  }

  #addCall({ tool_call, executor, needs_approval }: Extract<RunEvent, { type: 'tool-call' }>): void {
    const state = firstCallState(executor, needs_approval ?? false);
    const call: LoggedCall = { ...tool_call, executor, state, inherited: this.#restoring };
    this.#calls.set(call.id, call);
    this.#step.calls.push(call);
  }

  #move(id: string, signal: CallSignal): LoggedCall | undefined {
    const call = this.#calls.get(id);
    const next = call && nextCallState(call.state, signal);
    if (!call || !next || next === 'ignored') return undefined;
    call.state = next;
    call.inherited = this.#restoring;
    return call;
  }

  #dropCitationsOf(partId: string): void {
    const kept = this.#order.filter(
      (entry) => typeof entry === 'string' || entry.type !== 'citation' || entry.part_id !== partId,
    );
    this.#order.splice(0, this.#order.length, ...kept);
  }
}
