import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stubBrowser } from '../../test/browser-globals.ts';
import { fakeApi, json, signedInStorage } from '../../test/fake-api.ts';
import { freshAccessToken } from './access-token.ts';
import { readCredentials, signInExpired } from './credentials.ts';
import { request } from './request.ts';

let kept: Map<string, string>;
beforeEach(() => {
  kept = stubBrowser();
});
afterEach(() => vi.unstubAllGlobals());

const renewed = (accessToken = 'access-2') =>
  json(200, {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: 1800,
    refresh_token: 'refresh-2',
    user: { id: 'u1', email: 'ada@example.com', username: null, full_name: null },
    tenant: { id: 't1', slug: 'ada', role: 'owner' },
  });

describe('the access token', () => {
  test('is used as it is while it lasts', async () => {
    signedInStorage(kept);
    const asked = fakeApi(() => renewed());
    expect(await freshAccessToken()).toBe('access-1');
    expect(asked).toEqual([]);
  });

  test('that is about to run out is renewed once for all who ask', async () => {
    signedInStorage(kept, { expiresAt: Date.now() + 5_000 });
    const asked = fakeApi(() => renewed());
    const tokens = await Promise.all([freshAccessToken(), freshAccessToken(), freshAccessToken()]);
    expect(tokens).toEqual(['access-2', 'access-2', 'access-2']);
    expect(asked.map(({ body }) => body)).toEqual([{ refresh_token: 'refresh-1' }]);
  });

  test('that another tab has renewed is taken from there, because a spent refresh token ends the login', async () => {
    signedInStorage(kept, { expiresAt: 0 });
    const asked = fakeApi(() => renewed());
    const hold = Promise.withResolvers<void>();
    const otherTab = navigator.locks.request('parley.refresh', () => hold.promise);
    const token = freshAccessToken();
    signedInStorage(kept, { accessToken: 'from-the-other-tab' });
    hold.resolve();
    await otherTab;
    expect(await token).toBe('from-the-other-tab');
    expect(asked).toEqual([]);
  });

  test('that the server refuses is renewed once, and the request goes again', async () => {
    signedInStorage(kept);
    const asked = fakeApi(({ path, token }) => {
      if (path === '/v1/auth/refresh') return renewed();
      return token === 'access-2' ? json(200, { ok: true }) : json(401, { detail: 'no' });
    });
    expect(await request('/v1/sessions')).toEqual({ ok: true });
    expect(asked.map(({ path, token }) => [path, token])).toEqual([
      ['/v1/sessions', 'access-1'],
      ['/v1/auth/refresh', null],
      ['/v1/sessions', 'access-2'],
    ]);
  });
});

describe('a renewal that fails', () => {
  test('signs out when the refresh token is refused', async () => {
    signedInStorage(kept, { expiresAt: 0 });
    fakeApi(() => json(401, { detail: 'spent' }));
    await expect(freshAccessToken()).rejects.toMatchObject({ status: 401 });
    expect(readCredentials()).toBeNull();
    expect(signInExpired()).toBe(true);
  });

  test.each([
    ['the network is away', () => 'unreachable' as const, 0],
    ['the server is away', () => json(503, { detail: 'away' }), 503],
    ['there were too many requests', () => json(429, { detail: 'slow down' }), 429],
  ])('keeps the login when %s', async (_when, answer, status) => {
    signedInStorage(kept, { expiresAt: 0 });
    fakeApi(answer);
    await expect(freshAccessToken()).rejects.toMatchObject({ status });
    expect(readCredentials()?.refreshToken).toBe('refresh-1');
  });
});
