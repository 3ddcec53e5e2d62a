import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider of embeddings that speaks OpenAI's protocol. The same words of the same model are the same vector, texts with
 * common words are near each other, and each model has a space of its own. */
export type EmbeddingsServer = {
  /** For EMBEDDING_BASE_URL. */
  url: string;
  /** Texts that it was asked for, by model. */
  readonly asked: { model: string; input: readonly string[] }[];
  /** Answers 503 while it is set. */
  down: boolean;
  /** When set, each answer waits for it. */
  hold: Promise<void> | null;
  stop(): Promise<void>;
};

const DIMENSIONS: Readonly<Record<string, number>> = { 'fake-large': 96 };
const DEFAULT_DIMENSIONS = 64;

export async function startEmbeddings(): Promise<EmbeddingsServer> {
  const server = createServer(async (request, response) => {
    const { model, input } = JSON.parse(await bodyOf(request)) as { model: string; input: string[] | string };
    const texts = [input].flat();
    running.asked.push({ model, input: texts });
    if (running.hold) await running.hold;
    const answer = running.down
      ? { error: { message: 'overloaded', type: 'server_error' } }
      : {
          object: 'list',
          model,
          data: texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(model, text) })),
          usage: { prompt_tokens: texts.length, total_tokens: texts.length },
        };
    response.writeHead(running.down ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: EmbeddingsServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked: [],
    down: false,
    hold: null,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return running;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Each word turns one dimension on, which one its model decides. */
function vectorOf(model: string, text: string): number[] {
  const vector = new Array<number>(DIMENSIONS[model] ?? DEFAULT_DIMENSIONS).fill(0.001);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const place = createHash('sha256').update(`${model} ${word}`).digest().readUInt16BE(0) % vector.length;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}
