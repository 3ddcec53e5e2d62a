import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer of the model, said as slowly as the test wants. */
export type Turn = {
  say(text: string): void;
  /** Calls a tool and ends. What the tool gave is the next question. */
  call(name: string, input: object): void;
  end(): void;
  /** Resolves when Parley closes the connection before the end. */
  abandoned: Promise<void>;
};

export type PacedModel = {
  /** For OPENAI_BASE_URL. */
  baseUrl: string;
  /** The turn that answers this question the next time it is asked; waits until then. Tests that are tried again ask again. */
  turn(question: string): Promise<Turn>;
  close(): Promise<void>;
};

/** An OpenAI-compatible server of which each answer goes only as far as the test lets it. */
export async function pacedModel(): Promise<PacedModel> {
  const turns = new Map<string, PromiseWithResolvers<Turn>>();
  const server = createServer(async (request, response) => {
    const asked = lastMessage(JSON.parse(await textOf(request)));
    // Only what a test waits for: earlier questions come along, too, where Parley remembers them.
    const [question, turn] = [...turns].find(([expected]) => asked.includes(expected)) ?? [];
    if (question === undefined || turn === undefined) {
      response.writeHead(500).end(`no test expects: ${asked}`);
      return;
    }
    turns.delete(question);
    turn.resolve(begin(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    turn(question) {
      const turn = Promise.withResolvers<Turn>();
      turns.set(question, turn);
      return turn.promise;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function begin(response: ServerResponse): Turn {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const send = (choice: object) => response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
  return {
    say: (text) => void send({ index: 0, delta: { content: text }, finish_reason: null }),
    call(name, input) {
      const called = { index: 0, id: `call_${name}`, function: { name, arguments: JSON.stringify(input) } };
      send({ index: 0, delta: { tool_calls: [called] }, finish_reason: 'tool_calls' });
      response.end('data: [DONE]\n\n');
    },
    end() {
      send({ index: 0, delta: {}, finish_reason: 'stop' });
      response.end('data: [DONE]\n\n');
    },
    abandoned: new Promise((resolve) => {
      response.on('close', () => {
        if (!response.writableFinished) resolve();
      });
    }),
  };
}

function lastMessage(body: { messages?: { content?: unknown }[] }): string {
  return String(body.messages?.at(-1)?.content ?? '');
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  return text;
}
