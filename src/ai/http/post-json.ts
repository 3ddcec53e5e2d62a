import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { traceHeaders } from '../../platform/telemetry/tracing.ts';
import { type Deadline, startDeadline, type Timeouts } from './deadline.ts';
import { connectionError } from './upstream-error.ts';

export type JsonPost = {
  /** How messages call the other side. */
  provider: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** What becomes JSON, or its text where it is written already. */
  body: unknown;
  timeouts: Timeouts;
  /** How long the body's next bytes may gather before they are given on, ms; asked before each piece. */
  gatherMs?: (() => number) | undefined;
  signal: AbortSignal;
};

/** An answer whose body is still to be read: iterate it, once. */
export type UpstreamAnswer = {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The body's pieces as they arrive. Leaving the loop early closes the connection.
   * @throws ModelError, or the signal's reason */
  pieces(): AsyncGenerator<Buffer, void, undefined>;
  /** From now on, waits at most this long for the next piece. */
  expectWithin(milliseconds: number): void;
};

// Kept connections save a handshake for each turn. Node lets idle ones not hold the process, and drops them when the
// other side's Keep-Alive header says so.
// A socket holds one piece for a caller who is busy; what follows gathers in the kernel, where it costs no work.
// Node's own bound of idle ones, 256, would end and begin hundreds of connections where that many answers end together.
const MOST_IDLE = 4_096;
const connections = { keepAlive: true, scheduling: 'lifo', highWaterMark: 1, maxFreeSockets: MOST_IDLE } as const;
const agents = { 'http:': new http.Agent(connections), 'https:': new https.Agent(connections) };

/** Sends one POST and resolves at the answer's headers. Never follows redirects: they would carry the key elsewhere.
 * @throws ModelError, or the signal's reason */
export async function postJson(post: JsonPost): Promise<UpstreamAnswer> {
  post.signal.throwIfAborted();
  const deadline = startDeadline(post);
  try {
    const response = await answerTo(post, deadline);
    deadline.onEnd((reason) => response.destroy(reason));
    return upstreamAnswer(post, response, deadline);
  } catch (cause) {
    deadline.stop();
    throw deadline.reason() ?? connectionError(post.provider, cause);
  }
}

/** The other side may end a kept connection just when a request sets out on it; that is no fault of its own, and the request
 * goes once more, on a connection that is new. */
async function answerTo(post: JsonPost, deadline: Deadline): Promise<IncomingMessage> {
  const kept = send(post, 'kept');
  try {
    return await answered(kept, deadline);
  } catch (cause) {
    if (deadline.reason() !== null || !kept.reusedSocket) throw cause;
    return answered(send(post, 'new'), deadline);
  }
}

function send(post: JsonPost, connection: 'kept' | 'new'): ClientRequest {
  const body = Buffer.from(typeof post.body === 'string' ? post.body : JSON.stringify(post.body));
  const secure = post.url.protocol === 'https:';
  const request = (secure ? https : http).request(post.url, {
    method: 'POST',
    agent: connection === 'new' ? false : agents[secure ? 'https:' : 'http:'],
    headers: {
      ...traceHeaders(),
      // Without a word about it a server may compress.
      'accept-encoding': 'identity',
      ...post.headers,
      'content-type': 'application/json',
      'content-length': body.byteLength,
    },
  });
  request.end(body);
  return request;
}

function answered(request: ClientRequest, deadline: Deadline): Promise<IncomingMessage> {
  deadline.onEnd((reason) => request.destroy(reason));
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.once('socket', (socket) => {
      if (!socket.connecting) return deadline.next('firstByte');
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => deadline.next('firstByte'));
    });
  });
}

function upstreamAnswer(post: JsonPost, response: IncomingMessage, deadline: Deadline): UpstreamAnswer {
  async function* pieces() {
    try {
      // Some send their headers at once and then think for minutes.
      deadline.next('firstByte');
      let silent = true;
      for await (const piece of response) {
        if (silent) deadline.next('idle');
        silent = false;
        // Our own slowness is not the other side's silence: the clock stands while the caller works.
        deadline.pause();
        for (let next: Buffer | null = piece as Buffer; next; next = await gathered(response, post.gatherMs?.() ?? 0))
          yield next;
        deadline.refresh();
      }
    } catch (cause) {
      throw deadline.reason() ?? connectionError(post.provider, cause);
    } finally {
      deadline.stop();
    }
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    pieces,
    expectWithin: deadline.expectWithin,
  };
}

/** How often it is looked whether the body has ended meanwhile, ms. */
const LOOK_MS = 20;
/** Bytes that gather at most. */
const MOST_GATHERED = 262_144;

/** What arrives within so many ms, or until the body ends; null: nothing did. */
async function gathered(response: IncomingMessage, milliseconds: number): Promise<Buffer | null> {
  if (milliseconds === 0) return null;
  const until = performance.now() + milliseconds;
  const pieces: Buffer[] = [];
  let size = 0;
  const take = () => {
    const piece = response.read() as Buffer | null;
    if (!piece) return;
    pieces.push(piece);
    size += piece.byteLength;
  };
  for (let left = milliseconds; ; left = until - performance.now()) {
    // The piece that was held; to take it is to read on, which the network does before the next turn.
    take();
    await setImmediate();
    take();
    if (response.complete || response.destroyed || left <= 0 || size > MOST_GATHERED) break;
    await setTimeout(Math.min(LOOK_MS, left));
  }
  return pieces.length === 0 ? null : Buffer.concat(pieces);
}
