import type { MessagePart } from '../message.ts';
import type { RunEvent, RunUsage } from './event.ts';

/**
 * The answer's message, built from the run's events: the log alone says what was answered, also after a takeover.
 * Pure: the same events give the same parts.
 */
export class Answer {
  readonly #texts = new Map<string, string>();
  readonly #order: (string | Exclude<MessagePart, { type: 'text' }>)[] = [];
  #open: string | null = null;
  #usage: RunUsage | null = null;

  /** The text part that was begun and not ended, null when there is none. */
  get openPart(): string | null {
    return this.#open;
  }

  /** The text part that was begun last, ended or not. */
  get lastPart(): string | null {
    return [...this.#texts.keys()].at(-1) ?? null;
  }

  /** Known once the model has said all: then only the end is missing. */
  get usage(): RunUsage | null {
    return this.#usage;
  }

  textOf(partId: string): string {
    return this.#texts.get(partId) ?? '';
  }

  get textPartCount(): number {
    return this.#texts.size;
  }

  add(event: RunEvent): void {
    switch (event.type) {
      case 'text-start':
        this.#open = event.part_id;
        this.#texts.set(event.part_id, '');
        this.#order.push(event.part_id);
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
      case 'usage':
        this.#usage = {
          input_tokens: event.input_tokens,
          output_tokens: event.output_tokens,
          cost_usd: event.cost_usd,
        };
        break;
      case 'citation':
      case 'tool-call':
      case 'tool-result':
        this.#order.push(event);
        break;
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

  #dropCitationsOf(partId: string): void {
    const kept = this.#order.filter(
      (entry) => typeof entry === 'string' || entry.type !== 'citation' || entry.part_id !== partId,
    );
    this.#order.splice(0, this.#order.length, ...kept);
  }
}
