import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ScratchSettings } from './tools.ts';

/** One call of a model, answered as a drill wants. */
export type Turn = {
  /** How many calls there were before, from 0. */
  readonly number: number;
  readonly question: string;
  /** What was answered last: where the model is to go on, the beginning of its answer. */
  readonly partial: string;
  /** The key that it was asked with. */
  readonly key: string;
  say(words: string): void;
  /** `outputTokens`: what it says that it used. */
  end(outputTokens?: number): void;
  /** Says that it is ill, with words of its own that no user may read. */
  fail(status: number, words: string): void;
};

export type StandInProvider = AsyncDisposable & {
  /** What a scratch server needs to ask it. */
  readonly settings: ScratchSettings;
  readonly calls: number;
  /** How each call is answered from now on. */
  answer: (turn: Turn) => void | Promise<void>;
  /** Closes its door: connections are refused, as by a provider that is down. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
};

/** An OpenAI-compatible server on this machine, with the model `openai/stand-in`. It answers nothing until it is told how. */
export async function openStandInProvider(): Promise<StandInProvider> {
  let calls = 0;
  const server = createServer((request, response) => {
    const number = calls;
    calls += 1;
    void turnOf(request, response, number)
      .then((turn) => provider.answer(turn))
      .catch(() => response.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const goDown = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  };
  const provider: StandInProvider = {
    settings: {
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_API_KEY: 'of-the-stand-in',
      DEFAULT_MODEL: 'openai/stand-in',
    },
    get calls() {
      return calls;
    },
    answer: () => undefined,
    goDown,
    comeBack: () => listen(port),
    [Symbol.asyncDispose]: goDown,
  };
  return provider;
}

type Body = { messages?: { role: string; content: unknown }[] };

async function turnOf(request: IncomingMessage, response: ServerResponse, number: number): Promise<Turn> {
  const body = JSON.parse(await text(request)) as Body;
  const messages = body.messages ?? [];
  const send = (choice: object) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
  };
  return {
    number,
    question: String(messages.findLast(({ role }) => role === 'user')?.content ?? ''),
    partial: String(messages.findLast(({ role }) => role === 'assistant')?.content ?? ''),
    say: (words) => send({ delta: { content: words }, finish_reason: null }),
    key: (request.headers.authorization ?? '').replace('Bearer ', ''),
    end: (outputTokens = 10) => {
      send({ delta: {}, finish_reason: 'stop' });
      response.write(
        `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: outputTokens } })}\n\n`,
      );
      response.end('data: [DONE]\n\n');
    },
    fail: (status, words) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: words } }));
    },
  };
}

/** Says these words at once, and ends. */
export function saying(words: string): StandInProvider['answer'] {
  return (turn) => {
    turn.say(words);
    turn.end();
  };
}
