import { setTimeout } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect } from 'vitest';
import type { StreamedEvent } from '../api-client.ts';

/** What a client was sent of one run, in order, and by whom. */
export type Followed = { events: StreamedEvent[]; servers: Set<string> };

/** Follows a run to its end. When a stream breaks off it comes back behind the last event that it saw, to whoever `address` names then. */
export class MovingClient implements Followed {
  readonly events: StreamedEvent[] = [];
  readonly servers = new Set<string>();
  readonly ended: Promise<void>;
  readonly #runId: string;
  readonly #token: string;

  constructor(runId: string, token: string, address: () => string) {
    this.#runId = runId;
    this.#token = token;
    this.ended = this.#follow(address);
  }

  get text(): string {
    return textOf(this.events);
  }

  async #follow(address: () => string): Promise<void> {
    while (this.events.at(-1)?.type !== 'run-end') {
      const server = address();
      const after = this.events.at(-1)?.seq ?? 0;
      const response = await fetch(`${server}/v1/runs/${this.#runId}/events?after=${after}`, {
        headers: { authorization: `Bearer ${this.#token}`, accept: 'text/event-stream' },
      }).catch(() => null);
      if (response?.ok) await this.#read(response, server);
      else await setTimeout(50);
    }
  }

  async #read(response: Response, server: string): Promise<void> {
    const messages = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    try {
      for await (const { data } of messages ?? []) {
        this.events.push(JSON.parse(data) as StreamedEvent);
        this.servers.add(server);
      }
    } catch {
      // Its server ended.
    }
  }
}

/** What the answer says, with parts that began anew taken from their beginning. */
export function textOf(events: readonly StreamedEvent[]): string {
  const texts = new Map<string, string>();
  for (const { type, part_id, delta } of events) {
    const part = String(part_id);
    if (type === 'text-start' || type === 'text-reset') texts.set(part, '');
    if (type === 'text-delta') texts.set(part, (texts.get(part) ?? '') + String(delta));
  }
  return [...texts.values()].join('');
}

/** Every event once, in order, none left out, the last one the end. */
export function expectWhole({ events }: Followed): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)).toMatchObject({ type: 'run-end', status: 'completed' });
}
