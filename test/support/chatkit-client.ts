import { EventSourceParserStream } from 'eventsource-parser/stream';

/** An event or an object of ChatKit's protocol, as its page reads it: without a schema. */
// biome-ignore lint/suspicious/noExplicitAny: a client of somebody else's protocol knows no types of ours.
export type Wire = any;

export type UserInput = {
  content: readonly object[];
  attachments: readonly string[];
  quoted_text?: string | null;
  inference_options: object | null;
};

export function input(text: string, more: Partial<UserInput> = {}): UserInput {
  return { content: [{ type: 'input_text', text }], attachments: [], inference_options: {}, ...more };
}

/** What the page of ChatKit does with a server, written from the protocol's description: it knows nothing of Parley. */
export class ChatkitClient {
  readonly #address: string;
  readonly #token: string;

  constructor(address: string, token: string) {
    this.#address = address;
    this.#token = token;
  }

  post(body: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(this.#address, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        accept: '*/*',
        'accept-language': 'en',
        'chatkit-frame-instance-id': '6f1f0b8e-52fb-4a49-8d5e-6d0a9a4b7c11',
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** A JSON operation; the page reads `message` of an error. */
  async json(type: string, params: object = {}): Promise<{ status: number; body: Wire }> {
    const response = await this.post({ type, params });
    return { status: response.status, body: await response.json() };
  }

  /** A streaming operation, to its end. */
  async stream(type: string, params: object): Promise<Wire[]> {
    return Array.fromAsync(this.events(type, params));
  }

  async *events(type: string, params: object, signal?: AbortSignal): AsyncGenerator<Wire> {
    const response = await this.post({ type, params }, signal);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      throw new Error(`${type} answered ${response.status}: ${await response.text()}`);
    }
    const frames = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { data } of frames) yield JSON.parse(data);
  }

  async items(threadId: string, order: 'asc' | 'desc' = 'asc', limit = 9999): Promise<Wire[]> {
    const all: Wire[] = [];
    for (let after: string | undefined; ; ) {
      const { body } = await this.json('items.list', { thread_id: threadId, order, limit, ...(after && { after }) });
      all.push(...body.data);
      // As the page does: `after` of the answer is not looked at.
      after = body.data.at(-1)?.id;
      if (!body.has_more) return all;
    }
  }
}

/** The sequence of a stream, as the protocol's cases write it; deltas that follow each other are one. */
export function shape(events: readonly Wire[]): string[] {
  const names = events.map((event) => {
    if (event.type === 'thread.item.updated') return event.update.type.split('.').slice(-1)[0];
    if ('item' in event) return `${event.type.split('.').at(-1)}(${event.item.type})`;
    return event.type.replace(/^thread\./, '');
  });
  return names.filter((name, index) => name !== 'text_delta' || names[index - 1] !== name);
}
