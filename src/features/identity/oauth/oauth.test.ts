import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { type GithubPeer, openGithubPeer } from '../../../../test/support/github-peer.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import { openOidcProvider, type TestOidcProvider } from '../../../../test/support/oidc-provider.ts';
import { register } from '../identity.service.ts';
import { verifyEmail } from '../mail/verify-email.service.ts';
import { authenticateToken } from '../principal.ts';
import { createGithubProvider } from './github-provider.ts';
import { finishOauth, type StartedOauth, startOauth } from './oauth.service.ts';
import { createOpenidProvider } from './openid-provider.ts';

const CALLBACK = 'http://parley.test/sign-in/callback';
const BAD_STATE = { definition: { code: 'ERR_OAUTH_003' } };
const REFUSED = { definition: { code: 'ERR_OAUTH_004' } };
const client = {};
const github = { id: 'gh-client', secret: 'gh-secret' };

let oidc: TestOidcProvider;
let peer: GithubPeer;
beforeAll(async () => {
  [oidc, peer] = await Promise.all([openOidcProvider(CALLBACK), openGithubPeer(github)]);
});
afterAll(async () => {
  await Promise.all([oidc[Symbol.asyncDispose](), peer[Symbol.asyncDispose]()]);
});

let accounts = 0;

describe.each(testDatabases())('sign-in at a provider on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    const { issuer, clientId, clientSecret } = oidc;
    on = await testIdentity(db.database, {
      redirectUris: ['https://app.example.com/back'],
      providers: [
        createOpenidProvider({ name: 'oidc', label: 'Test', issuer, clientId, clientSecret }),
        createGithubProvider({ clientId: github.id, clientSecret: github.secret, baseUrl: peer.baseUrl }),
        createOpenidProvider({ name: 'away', label: 'Away', issuer: 'http://127.0.0.1:1', clientId, clientSecret }),
      ],
    });
  });

  function person(more: { email?: string; emailVerified?: boolean } = {}): string {
    accounts += 1;
    const id = `person-${process.pid}-${accounts}`;
    oidc.accounts.set(id, { id, email: `${id}@example.com`, emailVerified: true, ...more });
    return id;
  }

  const begin = (provider = 'oidc') => startOauth(on.identity, { provider });

  function finish(started: StartedOauth, back: URL, more: { browserToken?: string; provider?: string } = {}) {
    const { state, browserToken } = started;
    const input = { provider: 'oidc', state, browserToken, answer: back.searchParams, client, ...more };
    return finishOauth(on.identity, input);
  }

  async function signIn(id: string) {
    const started = await begin();
    return finish(started, await oidc.signIn(started.authorizationUrl, id));
  }

  test('makes an account with the verified address, and finds it again by who it is', async () => {
    const id = person();
    const first = await signIn(id);
    expect(first.user).toMatchObject({ email: `${id}@example.com`, full_name: 'A Name' });
    expect(first.user.email_verified_at).not.toBeNull();
    expect((await authenticateToken(on.identity, first.accessToken)).userId).toBe(first.user.id);
    oidc.accounts.set(id, { id, email: `moved-${id}@example.com`, emailVerified: true });
    expect((await signIn(id)).user.id).toBe(first.user.id);
  });

  test('asks with PKCE, state and nonce, and keeps none of them readable', async () => {
    const started = await begin();
    const asked = new URL(started.authorizationUrl).searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(asked.get('nonce')).toMatch(/^[\w-]{43}$/);
    expect(asked.get('state')).toBe(started.state);
    expect(asked.get('redirect_uri')).toBe(CALLBACK);
    const rows = JSON.stringify(await db.database.db.selectFrom('platform.oauth_flow').selectAll().execute());
    expect(rows).not.toContain(started.state);
    expect(rows).not.toContain(started.browserToken);
  });

  test('is linked with an account of the same address only when both sides verified it', async () => {
    const account = newAccount();
    const { user } = await register(on.identity, account);
    const unverified = signIn(person({ email: account.email, emailVerified: false }));
    await expect(unverified).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_005' } });
    const id = person({ email: account.email });
    await expect(signIn(id)).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_006' } });
    await verifyEmail(on.identity, /#token=(\S+)/.exec(on.mails[0]?.text ?? '')?.[1] ?? '');
    expect((await signIn(id)).user.id).toBe(user.id);
  });

  test('is finished once, within ten minutes, by the browser and with the provider that began it', async () => {
    const started = await begin();
    const back = await oidc.signIn(started.authorizationUrl, person());
    const other = await begin();
    // Led to our callback by somebody else: the browser does not have what belongs to the state.
    const fixed = finish(started, back, { browserToken: other.browserToken });
    await expect(fixed).rejects.toMatchObject(BAD_STATE);
    // Even a failure has used it up.
    await expect(finish(started, back)).rejects.toMatchObject(BAD_STATE);
    await expect(finish(other, back, { provider: 'github' })).rejects.toMatchObject(BAD_STATE);
    const late = await begin();
    const lateBack = await oidc.signIn(late.authorizationUrl, person());
    on.clock.advance(10 * 60_000);
    await expect(finish(late, lateBack)).rejects.toMatchObject(BAD_STATE);
  });

  test('refuses an answer that belongs to another sign-in, and one that was used', async () => {
    const [mine, others] = [await begin(), await begin()];
    const back = await oidc.signIn(others.authorizationUrl, person());
    const mixed = new URL(back);
    mixed.searchParams.set('state', mine.state);
    // The code is another sign-in's: PKCE and the nonce do not fit.
    await expect(finish(mine, mixed)).rejects.toMatchObject(REFUSED);
    const refused = new URL(`${CALLBACK}?error=access_denied`);
    const third = await begin();
    refused.searchParams.set('state', third.state);
    await expect(finish(third, refused)).rejects.toMatchObject(REFUSED);
    const elsewhere = await begin();
    const forged = await oidc.signIn(elsewhere.authorizationUrl, person());
    forged.searchParams.set('iss', 'https://evil.example.com');
    await expect(finish(elsewhere, forged)).rejects.toMatchObject(REFUSED);
  });

  test.each([
    'https://evil.example.com/sign-in/callback',
    'http://parley.test/sign-in/callback/../evil',
    'http://parley.test/sign-in/callback?next=https://evil.example.com',
    'http://parley.test.evil.example.com/sign-in/callback',
    'javascript:alert(1)',
  ])('leads to no other address, such as %s', async (redirectUri) => {
    const starting = startOauth(on.identity, { provider: 'oidc', redirectUri });
    await expect(starting).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_002' } });
  });

  test('leads to an address that the settings list', async () => {
    const redirectUri = 'https://app.example.com/back';
    const { authorizationUrl } = await startOauth(on.identity, { provider: 'github', redirectUri });
    expect(new URL(authorizationUrl).searchParams.get('redirect_uri')).toBe(redirectUri);
  });

  test('says that a provider is away, and that one is not configured', async () => {
    await expect(begin('away')).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_007' } });
    await expect(begin('nobody')).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_001' } });
  });

  test('works with GitHub, by its primary address if that is verified', async () => {
    accounts += 1;
    peer.user = { id: 1_000_000 + process.pid * 100 + accounts, login: 'octo', name: null };
    const email = `octo-${process.pid}-${accounts}@example.com`;
    peer.emails = [
      { email: 'other@example.com', primary: false, verified: true },
      { email, primary: true, verified: false },
    ];
    const attempt = async () => {
      const started = await begin('github');
      return finish(started, peer.agree(started.authorizationUrl), { provider: 'github' });
    };
    await expect(attempt()).rejects.toMatchObject({ definition: { code: 'ERR_OAUTH_005' } });
    peer.emails = [{ email, primary: true, verified: true }];
    const login = await attempt();
    expect(login.user).toMatchObject({ email, full_name: 'octo' });
    expect((await attempt()).user.id).toBe(login.user.id);
    const started = await begin('github');
    const back = peer.agree(started.authorizationUrl);
    back.searchParams.set('code', 'made-up');
    await expect(finish(started, back, { provider: 'github' })).rejects.toMatchObject(REFUSED);
  });
});
