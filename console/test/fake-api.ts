import { vi } from 'vitest';
import type { RunEvent } from '../src/api/types.ts';

export type FakeRequest = {
  method: string;
  path: string;
  after: number | null;
  body: unknown;
  token: string | null;
  key: string | null;
};
type Answer = Response | 'unreachable' | Promise<Response>;

/** Answers the console's requests from a script, one answer a request, and keeps what was asked. */
export function fakeApi(answer: (request: FakeRequest) => Answer): FakeRequest[] {
  const asked: FakeRequest[] = [];
  vi.stubGlobal('fetch', async (address: string, init: RequestInit = {}) => {
    const url = new URL(address, 'http://parley.test');
    const after = url.searchParams.get('after');
    const request: FakeRequest = {
      method: init.method ?? 'GET',
      path: url.pathname,
      after: after === null ? null : Number(after),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      key: new Headers(init.headers).get('idempotency-key'),
      token: new Headers(init.headers).get('authorization')?.replace('Bearer ', '') ?? null,
    };
    asked.push(request);
    const found = await answer(request);
    if (found === 'unreachable') throw new TypeError('Failed to fetch');
    return found;
  });
  return asked;
}

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

/** A stream of these events that then ends, or breaks as a lost network does. */
export function eventStream(events: readonly RunEvent[], end: 'ends' | 'breaks' = 'ends'): Response {
  const text = events.map((event) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const pieces = [new TextEncoder().encode(text.join(''))];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else if (end === 'ends') controller.close();
      else controller.error(new TypeError('network error'));
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

export function signedInStorage(kept: Map<string, string>, change: { accessToken?: string; expiresAt?: number } = {}) {
  kept.set(
    'parley.credentials',
    JSON.stringify({
      accessToken: 'access-1',
      refreshToken: 'refresh-1',
      expiresAt: Date.now() + 1_800_000,
      user: { id: 'u1', email: 'ada@example.com', username: null, full_name: null },
      tenant: { id: 't1', slug: 'ada', role: 'owner' },
      ...change,
    }),
  );
}
