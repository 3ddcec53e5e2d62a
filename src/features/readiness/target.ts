import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { InstallationSettings } from './installation.ts';

/** The server that live checks ask. */
export type Target = {
  /** Without a slash at its end. */
  url: string;
  /** Of the installation that runs the checks; null where they are not usable or the server is another's. */
  settings: InstallationSettings | null;
  projectFolder: string;
  ask: Ask;
};

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; duration: number };
export type Question = { method?: string; headers?: Record<string, string>; body?: string };
export type Ask = (path: string, question?: Question) => Promise<Answer>;

/** One probe never waits longer, ms. */
const PROBE_TIMEOUT_MS = 15_000;

/** Plain requests as a stranger sends them: no cookies, no redirects followed, any header. */
export function askAt(url: string, signal: AbortSignal): Ask {
  return async (path, question = {}) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    try {
      return await send(`${url}${path}`, question, limited);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      // The server had ended a connection that was kept: nothing of the request was seen.
      return await send(`${url}${path}`, { ...question, isNew: true }, limited);
    }
  };
}

class StaleConnectionError extends Error {}

function send(
  address: string,
  { method = 'GET', headers = {}, body, isNew = false }: Question & { isNew?: boolean },
  signal: AbortSignal,
): Promise<Answer> {
  const start = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const answer = (response: IncomingMessage, content: string) => ({
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: content,
    duration: performance.now() - start,
  });
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = (address.startsWith('https:') ? httpsRequest : httpRequest)(
    address,
    { method, headers: { ...length, ...headers }, signal, ...(isNew && { agent: false }) },
    (response) => {
      text(response).then((content) => resolve(answer(response, content)), reject);
    },
  );
  request.on('error', (error: NodeJS.ErrnoException) => {
    const isStale = request.reusedSocket && error.code === 'ECONNRESET';
    reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error);
  });
  // A check that asks for an upgrade wants the refusal.
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve(answer(response, ''));
  });
  request.end(body);
  return promise;
}

/** Null where it is none. */
export function jsonOf(answer: Pick<Answer, 'text'>): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(answer.text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const JSON_BODY = { 'content-type': 'application/json' } as const;
