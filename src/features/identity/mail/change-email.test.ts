import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import type { Mail } from '../../../platform/mail/mailer.ts';
import { listAudit } from '../../tenancy/index.ts';
import { register } from '../identity.service.ts';
import { listLinkedProviders, unlinkProvider } from '../oauth/linked-providers.service.ts';
import { insertExternalIdentity } from '../oauth/oauth.store.ts';
import { changePassword, forgotPassword } from '../password/password.service.ts';
import { authenticateToken } from '../principal.ts';
import { login } from '../token/login.service.ts';
import { beginEmailChange } from './change-email.service.ts';
import { verifyEmail } from './verify-email.service.ts';

const BAD_LINK = { definition: { code: 'ERR_AUTH_011' } };
const code = (text: string) => ({ definition: { code: text } });
const tokenIn = (mail: Mail | undefined) => /#token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';

// One database: the statements are plain, and run on both elsewhere.
describe.each(testDatabases().slice(-1))('an account on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database, { providers: [{ name: 'github' }, { name: 'google' }] as never });
  });

  async function signUp() {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, account);
    const logIn = (name = account.email) => login(on.identity, { name, password: account.password });
    const principal = await authenticateToken(on.identity, (await logIn()).accessToken);
    on.mails.length = 0;
    return { ...account, id: user.id, tenant, principal, logIn };
  }

  /** Asks for another address; the mails that were sent, the new address's first. */
  async function change(who: Awaited<ReturnType<typeof signUp>>, email: string) {
    on.mails.length = 0;
    await beginEmailChange(on.identity, who.principal, { email, password: who.password });
    return [...on.mails];
  }

  test('gets another address once the new one is shown to be its owner’s, and the old one is told twice', async () => {
    const ann = await signUp();
    const { email } = newAccount();
    const [link, notice] = await change(ann, email.toUpperCase());
    expect([link?.to, notice?.to]).toEqual([email, ann.email]);
    expect(notice?.text).not.toContain('#token=');
    expect((await ann.logIn()).user.email).toBe(ann.email);

    await verifyEmail(on.identity, tokenIn(link));
    expect(on.mails.at(-1)).toMatchObject({ to: ann.email, subject: 'Your e-mail address was changed' });
    const after = await ann.logIn(email);
    expect(after.user).toMatchObject({ id: ann.id, email, email_verified_at: on.clock.now() });
    await expect(ann.logIn(ann.email)).rejects.toMatchObject(code('ERR_AUTH_001'));
    await expect(verifyEmail(on.identity, tokenIn(link))).rejects.toMatchObject(BAD_LINK);
    const acts = await listAudit(db.database, { tenantId: ann.tenant.id, act: 'email' }, { before: null, limit: 9 });
    expect(acts.map(({ act }) => act)).toEqual(['email.change', 'email.ask-change']);
  });

  test('is not changed without its password, to an address that is taken, or by an old link', async () => {
    const [ann, bob] = [await signUp(), await signUp()];
    const begin = (email: string, password?: string) =>
      beginEmailChange(on.identity, ann.principal, { email, password });
    await expect(begin(newAccount().email)).rejects.toMatchObject(code('ERR_AUTH_013'));
    await expect(begin(newAccount().email, 'wrong password')).rejects.toMatchObject(code('ERR_AUTH_013'));
    await expect(begin(bob.email, ann.password)).rejects.toMatchObject(code('ERR_USER_002'));
    await expect(begin('no address', ann.password)).rejects.toMatchObject(code('ERR_REQUEST_002'));
    const byKey = { ...ann.principal, via: 'api-key' } as const;
    const asKey = beginEmailChange(on.identity, byKey, { email: newAccount().email, password: ann.password });
    await expect(asKey).rejects.toMatchObject(code('ERR_AUTH_014'));
    const [old] = await change(ann, newAccount().email);
    on.clock.advance(24 * 60 * 60_000 + 1);
    await expect(verifyEmail(on.identity, tokenIn(old))).rejects.toMatchObject(BAD_LINK);
  });

  test('that is asked for by somebody else keeps its address when its owner chooses another password', async () => {
    const ann = await signUp();
    const [link] = await change(ann, newAccount().email);
    await changePassword(on.identity, ann.principal, { current: ann.password, next: 'another horse battery' });
    await expect(verifyEmail(on.identity, tokenIn(link))).rejects.toMatchObject(BAD_LINK);
  });

  test('whose new address somebody else took meanwhile stays as it is', async () => {
    const ann = await signUp();
    const taken = newAccount();
    const [link] = await change(ann, taken.email);
    await register(on.identity, taken);
    await expect(verifyEmail(on.identity, tokenIn(link))).rejects.toMatchObject(code('ERR_USER_002'));
    expect((await ann.logIn()).user.email).toBe(ann.email);
  });

  test('gets no more password links at its old address', async () => {
    const ann = await signUp();
    const [link] = await change(ann, newAccount().email);
    await forgotPassword(on.identity, ann.email);
    await verifyEmail(on.identity, tokenIn(link));
    const left = await db.database.db
      .selectFrom('platform.one_time_token')
      .select('purpose')
      .where('user_id', '=', ann.id)
      .execute();
    expect(left).toEqual([]);
  });

  test('is not changed where no mail is sent', async () => {
    const ann = await signUp();
    const mute = { ...on.identity, outbox: null };
    const begun = beginEmailChange(mute, ann.principal, { email: newAccount().email, password: ann.password });
    await expect(begun).rejects.toMatchObject(code('ERR_AUTH_018'));
  });

  test('is unlinked from a provider, but not from its only way in, and not from the neighbour’s', async () => {
    const [ann, bob] = [await signUp(), await signUp()];
    const link = (userId: string, provider: string) =>
      db.database.transaction((trx) =>
        insertExternalIdentity(trx, { provider, subject: `${provider}-${userId}`, user_id: userId, email: 'x@y.z' }),
      );
    await link(ann.id, 'github');
    await link(bob.id, 'google');
    const providersOf = async (who: typeof ann) =>
      (await listLinkedProviders(on.identity, who.principal)).map(({ provider }) => provider);
    await expect(unlinkProvider(on.identity, ann.principal, 'google')).rejects.toMatchObject(code('ERR_OAUTH_008'));
    await unlinkProvider(on.identity, ann.principal, 'github');
    expect([await providersOf(ann), await providersOf(bob)]).toEqual([[], ['google']]);

    const dropPassword = db.database.db.updateTable('platform.user').set({ password_hash: null });
    await dropPassword.where('id', '=', ann.id).execute();
    await link(ann.id, 'github');
    await expect(unlinkProvider(on.identity, ann.principal, 'github')).rejects.toMatchObject(code('ERR_OAUTH_009'));
    await link(ann.id, 'google');
    const both = await Promise.allSettled(
      ['github', 'google'].map((provider) => unlinkProvider(on.identity, ann.principal, provider)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await providersOf(ann)).toHaveLength(1);
  });
});
