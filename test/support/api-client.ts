import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect } from 'vitest';

/** One event of a run's stream, as a client reads it. */
export type StreamedEvent = { type: string; seq: number; [field: string]: unknown };

/** A client of the HTTP API that knows nothing of the program behind it. */
export class ApiClient {
  readonly #address: string;
  readonly #token: string;

  private constructor(address: string, token: string) {
    this.#address = address;
    this.#token = token;
  }

  static async login(address: string, credential: { email: string; password: string }): Promise<ApiClient> {
    const response = await fetch(`${address}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credential),
    });
    const login = await answerOf<{ access_token: string }>(response);
    return new ApiClient(address, login.access_token);
  }

  async get<Answer>(path: string): Promise<Answer> {
    return answerOf<Answer>(await this.#send('GET', path));
  }

  /** The answer as it comes: a file, or a refusal. */
  raw(path: string): Promise<Response> {
    return this.#send('GET', path, undefined, '*/*');
  }

  /** An object goes as JSON, a form as multipart. */
  async post<Answer>(path: string, body: object): Promise<Answer> {
    return answerOf<Answer>(await this.#send('POST', path, body));
  }

  async patch<Answer>(path: string, body: object): Promise<Answer> {
    return answerOf<Answer>(await this.#send('PATCH', path, body));
  }

  /** @throws Error unless it was deleted, or was gone already */
  async delete(path: string): Promise<void> {
    const response = await this.#send('DELETE', path);
    if (!response.ok && response.status !== 404) await answerOf(response);
  }

  /** Waits for the first answer of a path that satisfies the condition. */
  async until<Answer>(path: string, condition: (answer: Answer) => boolean): Promise<Answer> {
    let last: Answer | undefined;
    const meets = async () => {
      last = await this.get<Answer>(path);
      return condition(last);
    };
    await expect.poll(meets, { timeout: 120_000, message: `${path}: ${JSON.stringify(last)}` }).toBe(true);
    return last as Answer;
  }

  /** Asks in a session and reads the stream to its end. */
  async ask(sessionId: string, input: string): Promise<StreamedEvent[]> {
    const response = await this.#send('POST', `/v1/sessions/${sessionId}/runs`, { input }, 'text/event-stream');
    return Array.fromAsync(eventsOf(response));
  }

  /** The events of a run behind `after`, each as it comes, until it ends. */
  async *follow(runId: string, after = 0): AsyncGenerator<StreamedEvent> {
    yield* eventsOf(await this.#send('GET', `/v1/runs/${runId}/events?after=${after}`, undefined, 'text/event-stream'));
  }

  async #send(method: string, path: string, body?: object, accept = 'application/json'): Promise<Response> {
    const isForm = body instanceof FormData;
    return fetch(this.#address + path, {
      method,
      headers: {
        accept,
        authorization: `Bearer ${this.#token}`,
        ...(body && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
  }
}

async function* eventsOf(response: Response): AsyncGenerator<StreamedEvent> {
  if (!response.ok || !response.body) return void (await answerOf(response));
  const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of messages) yield JSON.parse(data) as StreamedEvent;
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}
