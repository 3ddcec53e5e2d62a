import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
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
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return async (path, { method = 'GET', headers = {}, body } = {}) => {
    const start = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = send(
      `${url}${path}`,
      {
        method,
        headers: { ...length, ...headers },
        signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]),
      },
      (response) => {
        text(response).then(
          (content) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: content,
              duration: performance.now() - start,
            }),
          reject,
        );
      },
    );
    request.on('error', reject);
    // Kubernetes and proxies speak of an upgrade by 101; a check that asks for one wants the refusal.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({
        status: response.statusCode ?? 101,
        headers: response.headers,
        text: '',
        duration: performance.now() - start,
      });
    });
    request.end(body);
    return promise;
  };
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
