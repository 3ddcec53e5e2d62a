import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { traceHeaders } from '../../platform/telemetry/tracing.ts';
import { type Deadline, startDeadline, type Timeouts } from './deadline.ts';
import { connectionError } from './upstream-error.ts';

export type JsonPost = {
  /** How messages call the other side. */
  provider: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: unknown;
  timeouts: Timeouts;
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
const agents = {
  'http:': new http.Agent({ keepAlive: true, scheduling: 'lifo' }),
  'https:': new https.Agent({ keepAlive: true, scheduling: 'lifo' }),
};

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
  const body = Buffer.from(JSON.stringify(post.body));
  const secure = post.url.protocol === 'https:';
  const request = (secure ? https : http).request(post.url, {
    method: 'POST',
    agent: connection === 'new' ? false : agents[secure ? 'https:' : 'http:'],
    headers: {
      ...traceHeaders(),
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
      deadline.next('idle');
      for await (const piece of response) {
        // Our own slowness is not the other side's silence: the clock stands while the caller works.
        deadline.pause();
        yield piece as Buffer;
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
