import { describe, expect, test } from 'vitest';
import { openHttpServer } from '../../../test/support/http-server.ts';

describe('an answer that takes too long', () => {
  test('is ended as a problem, and its work is told', async () => {
    const stopped = Promise.withResolvers<unknown>();
    await using slow = await openHttpServer(
      (app) => {
        app.get('/slow', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          stopped.resolve(signal.reason);
          return 'too late';
        });
      },
      { requestTimeout: 100 },
    );
    const response = await fetch(`${slow.address}/slow`);
    expect([response.status, await response.json()]).toEqual([
      504,
      expect.objectContaining({ code: 'ERR_REQUEST_006' }),
    ]);
    expect(await stopped.promise).toMatchObject({ name: 'ApiError' });
    expect((await fetch(`${slow.address}/nothing`)).status).toBe(404);
  });

  test('may take its route’s own time', async () => {
    await using slow = await openHttpServer(
      (app) => {
        app.get('/slow', { config: { timeout: 10_000 } }, async ({ signal }) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          return { aborted: signal.aborted };
        });
      },
      { requestTimeout: 100 },
    );
    expect(await (await fetch(`${slow.address}/slow`)).json()).toEqual({ aborted: false });
  });

  test('is of no use when its client went away, and its work is told', async () => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    await using slow = await openHttpServer((app) => {
      app.post('/slow', async ({ signal }) => {
        begun.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        stopped.resolve();
        return 'nobody reads this';
      });
    });
    const client = new AbortController();
    const request = fetch(`${slow.address}/slow`, {
      method: 'POST',
      signal: client.signal,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await begun.promise;
    client.abort();
    await expect(request).rejects.toThrow();
    await stopped.promise;
  });
});
