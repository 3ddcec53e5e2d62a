import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../test/support/identity.ts';
import type { Mail } from '../../platform/mail/mailer.ts';
import { listAudit } from '../tenancy/index.ts';
import { createApiKey, rotateApiKey } from './api-key/api-key.service.ts';
import { register } from './identity.service.ts';
import { insertMembership } from './identity.store.ts';
import {
  acceptAsNewUser,
  acceptAsUser,
  invite,
  listInvitations,
  lookAtInvitation,
  revokeInvitation,
} from './invitation/invitation.service.ts';
import { verifyEmail } from './mail/verify-email.service.ts';
import { changeMember, leaveTenant, removeMember, setUserActive } from './member/member.service.ts';
import { changePassword, forgotPassword, resetByToken } from './password/password.service.ts';
import { authenticateToken, type Principal } from './principal.ts';
import { createServiceAccount, createServiceAccountKey } from './service-account/service-account.service.ts';
import { login, refresh } from './token/login.service.ts';
import { listLogins, revokeLogin, revokeOtherLogins, switchTenant } from './token/logins.service.ts';

const INVALID = { definition: { code: 'ERR_AUTH_002' } };
const BAD_LINK = { definition: { code: 'ERR_AUTH_011' } };
const client = {};
const DAY = 24 * 60 * 60 * 1000;

const tokenIn = (mail: Mail | undefined): string => /#token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';

describe.each(testDatabases())('accounts on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
    // The first one is the operator.
    await register((await testIdentity(db.database)).identity, newAccount());
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
  });

  async function signUp() {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, account);
    const verification = on.mails.at(-1);
    const logIn = (password = account.password) => login(on.identity, { name: account.email, password });
    const started = await logIn();
    const principal = await authenticateToken(on.identity, started.accessToken);
    return { ...account, id: user.id, tenant, started, principal, logIn, verification };
  }

  /** Another member of somebody's tenant, logged in there. */
  async function memberOf(tenant: { id: string; slug: string }, role: Principal['role']) {
    const member = await signUp();
    const membership = { tenant_id: tenant.id, user_id: member.id, role };
    await db.database.transaction((trx) => insertMembership(trx, membership));
    const switched = await switchTenant(on.identity, member.principal, tenant.slug, client);
    const principal = await authenticateToken(on.identity, switched.accessToken);
    return { ...member, principal, token: switched.accessToken };
  }

  const act = (token: string) => authenticateToken(on.identity, token);
  const actsIn = async (tenantId: string) => {
    const rows = await listAudit(db.database, { tenantId }, { before: null, limit: 100 });
    return rows.map((row) => row.act);
  };

  describe('the e-mail address', () => {
    test('is verified by the link of a mail, once, within a day', async () => {
      const ann = await signUp();
      expect(ann.verification).toMatchObject({ to: ann.email, subject: 'Verify your e-mail address' });
      const token = tokenIn(ann.verification);
      on.clock.advance(DAY + 1);
      await expect(verifyEmail(on.identity, token)).rejects.toMatchObject(BAD_LINK);
      on.clock.advance(-DAY);
      await verifyEmail(on.identity, token);
      expect((await ann.logIn()).user.email_verified_at).toEqual(on.clock.now());
      await expect(verifyEmail(on.identity, token)).rejects.toMatchObject(BAD_LINK);
    });

    test('is asked for before the first login where the installation wants it', async () => {
      const strict = await testIdentity(db.database, { requireVerifiedEmail: true });
      const account = newAccount();
      await register(strict.identity, account);
      const logIn = () => login(strict.identity, { name: account.email, password: account.password });
      await expect(logIn()).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_012' } });
      await verifyEmail(strict.identity, tokenIn(strict.mails[0]));
      expect((await logIn()).user.email).toBe(account.email);
    });
  });

  describe('a forgotten password', () => {
    test('is replaced by the link of a mail, which ends every login and is good once', async () => {
      const ann = await signUp();
      await forgotPassword(on.identity, ann.email.toUpperCase());
      const mail = on.mails.at(-1);
      expect(mail).toMatchObject({ to: ann.email, subject: 'Reset your password' });
      const token = tokenIn(mail);
      await resetByToken(on.identity, { token, password: 'another horse battery' });
      await expect(act(ann.started.accessToken)).rejects.toMatchObject(INVALID);
      await expect(refresh(on.identity, ann.started.refreshToken)).rejects.toMatchObject(INVALID);
      await expect(ann.logIn()).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_001' } });
      expect((await ann.logIn('another horse battery')).user.id).toBe(ann.id);
      const again = resetByToken(on.identity, { token, password: 'a third horse battery' });
      await expect(again).rejects.toMatchObject(BAD_LINK);
      expect(on.mails.at(-1)?.subject).toBe('Your password was changed');
      expect(await actsIn(ann.tenant.id)).toEqual(expect.arrayContaining(['password.reset', 'password.ask-reset']));
    });

    test('takes half an hour at most, and only the newest link', async () => {
      const ann = await signUp();
      await forgotPassword(on.identity, ann.email);
      const first = tokenIn(on.mails.at(-1));
      await forgotPassword(on.identity, ann.email);
      const second = tokenIn(on.mails.at(-1));
      const reset = (token: string) => resetByToken(on.identity, { token, password: 'another horse battery' });
      await expect(reset(first)).rejects.toMatchObject(BAD_LINK);
      on.clock.advance(30 * 60_000);
      await expect(reset(second)).rejects.toMatchObject(BAD_LINK);
    });

    test('of an unknown address answers alike, takes as long, and sends nothing', async () => {
      const slow = await testIdentity(db.database, { failureFloor: 150 });
      const ann = await signUp();
      for (const email of ['nobody@example.com', 'no address', ann.email]) {
        const before = performance.now();
        expect(await forgotPassword(slow.identity, email)).toBeUndefined();
        expect(performance.now() - before).toBeGreaterThanOrEqual(149);
      }
      expect(slow.mails.map(({ to }) => to)).toEqual([ann.email]);
    });

    test('of an account that was never verified takes away what whoever made it left behind', async () => {
      const ann = await signUp();
      const { key } = await createApiKey(on.identity, ann.principal, { name: 'left behind' });
      await forgotPassword(on.identity, ann.email);
      await resetByToken(on.identity, { token: tokenIn(on.mails.at(-1)), password: 'another horse battery' });
      await expect(act(key)).rejects.toMatchObject(INVALID);
    });

    test('stores no token, and no link but to our own console', async () => {
      const ann = await signUp();
      await forgotPassword(on.identity, ann.email);
      const mail = on.mails.at(-1);
      const rows = await db.database.db.selectFrom('platform.one_time_token').selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(tokenIn(mail));
      expect(mail?.text.match(/https?:\/\/[^/#\s]+/g)).toEqual(['http://parley.test']);
    });
  });

  describe('changing the password', () => {
    test('needs the current one, ends the other logins and keeps this one', async () => {
      const ann = await signUp();
      const other = await ann.logIn();
      const change = (current: string) =>
        changePassword(on.identity, ann.principal, { current, next: 'another horse battery' });
      await expect(change('wrong')).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_013' } });
      await change(ann.password);
      await expect(act(other.accessToken)).rejects.toMatchObject(INVALID);
      expect((await act(ann.started.accessToken)).userId).toBe(ann.id);
      await expect(ann.logIn()).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_001' } });
    });

    test('is not for API keys', async () => {
      const ann = await signUp();
      const { key } = await createApiKey(on.identity, ann.principal, { name: 'a key', scopes: ['admin', 'write'] });
      const byKey = await act(key);
      const changing = changePassword(on.identity, byKey, { current: ann.password, next: 'another horse' });
      await expect(changing).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_014' } });
    });
  });

  describe('logins', () => {
    test('are listed with where they came from, and ended one by one or all but this', async () => {
      const ann = await signUp();
      const page = { limit: 20, after: null };
      const from = { origin: { address: '203.0.113.9', requestId: 'r' }, userAgent: 'Probe/1.0' };
      const { email: name, password } = ann;
      const second = await login(on.identity, { name, password, client: from });
      const third = await ann.logIn();
      const logins = await listLogins(on.identity, ann.principal, page);
      expect(logins).toHaveLength(3);
      const found = logins.find(({ address }) => address === '203.0.113.9');
      expect(found).toMatchObject({ user_agent: 'Probe/1.0', slug: ann.tenant.slug });
      await revokeLogin(on.identity, ann.principal, found?.id ?? '');
      await expect(act(second.accessToken)).rejects.toMatchObject(INVALID);
      await revokeOtherLogins(on.identity, ann.principal);
      await expect(act(third.accessToken)).rejects.toMatchObject(INVALID);
      const [left, ...more] = await listLogins(on.identity, ann.principal, page);
      expect(left?.id).toBe(ann.principal.loginId);
      expect(more).toEqual([]);
    });

    test('of a neighbour are not there', async () => {
      const ann = await signUp();
      const bob = await signUp();
      const id = bob.principal.loginId ?? '';
      const revoking = revokeLogin(on.identity, ann.principal, id);
      await expect(revoking).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_015' } });
      expect((await act(bob.started.accessToken)).userId).toBe(bob.id);
    });

    test('lead to another tenant by a new one; the old one ends', async () => {
      const ann = await signUp();
      const bob = await signUp();
      const away = switchTenant(on.identity, bob.principal, ann.tenant.slug, client);
      await expect(away).rejects.toMatchObject({ definition: { code: 'ERR_USER_004' } });
      const membership = { tenant_id: ann.tenant.id, user_id: bob.id, role: 'viewer' } as const;
      await db.database.transaction((trx) => insertMembership(trx, membership));
      const switched = await switchTenant(on.identity, bob.principal, ann.tenant.slug, client);
      expect(await act(switched.accessToken)).toMatchObject({ tenant: { id: ann.tenant.id }, role: 'viewer' });
      await expect(act(bob.started.accessToken)).rejects.toMatchObject(INVALID);
    });
  });

  describe('invitations', () => {
    test('bring a new user in, verified, with the role that was given', async () => {
      const ann = await signUp();
      const { email } = newAccount();
      const { row, link } = await invite(on.identity, ann.principal, { email, role: 'viewer' });
      expect(link).toBeNull();
      const token = tokenIn(on.mails.at(-1));
      expect(on.mails.at(-1)?.to).toBe(email);
      expect(await lookAtInvitation(on.identity, token)).toMatchObject({ email, role: 'viewer', hasAccount: false });
      const joined = await acceptAsNewUser(on.identity, { token, password: 'a new horse battery' }, client);
      expect(joined.tenant).toMatchObject({ id: ann.tenant.id, role: 'viewer' });
      expect(joined.user.email_verified_at).not.toBeNull();
      const again = acceptAsNewUser(on.identity, { token, password: 'a new horse battery' }, client);
      await expect(again).rejects.toMatchObject(BAD_LINK);
      expect(await listInvitations(on.identity, ann.principal, { limit: 20, after: null })).toEqual([]);
      expect(await actsIn(ann.tenant.id)).toEqual(expect.arrayContaining(['member.invite', 'member.join']));
      const twice = invite(on.identity, ann.principal, { email: row.email, role: 'viewer' });
      await expect(twice).rejects.toMatchObject({ definition: { code: 'ERR_USER_010' } });
    });

    test('bring an existing user in by their own login only', async () => {
      const ann = await signUp();
      const bob = await signUp();
      const eve = await signUp();
      await invite(on.identity, ann.principal, { email: bob.email, role: 'admin' });
      const token = tokenIn(on.mails.at(-1));
      const stolen = acceptAsUser(on.identity, eve.principal, token);
      await expect(stolen).rejects.toMatchObject({ definition: { code: 'ERR_USER_012' } });
      const taken = acceptAsNewUser(on.identity, { token, password: 'a new horse battery' }, client);
      await expect(taken).rejects.toMatchObject({ definition: { code: 'ERR_USER_002' } });
      expect(await acceptAsUser(on.identity, bob.principal, token)).toMatchObject({ role: 'admin' });
    });

    test('end after a week, when they are taken back, and when a newer one is sent', async () => {
      const ann = await signUp();
      const look = (token: string) => lookAtInvitation(on.identity, token);
      const send = async (email: string) => {
        const { row } = await invite(on.identity, ann.principal, { email, role: 'member' });
        return { id: row.id, token: tokenIn(on.mails.at(-1)) };
      };
      const [first, second] = [await send('late@example.com'), await send('late@example.com')];
      await expect(look(first.token)).rejects.toMatchObject(BAD_LINK);
      on.clock.advance(7 * DAY);
      await expect(look(second.token)).rejects.toMatchObject(BAD_LINK);
      const third = await send('gone@example.com');
      const bob = await signUp();
      const neighbour = revokeInvitation(on.identity, bob.principal, third.id);
      await expect(neighbour).rejects.toMatchObject({ definition: { code: 'ERR_USER_011' } });
      await revokeInvitation(on.identity, ann.principal, third.id);
      await expect(look(third.token)).rejects.toMatchObject(BAD_LINK);
    });

    test('raise nobody above who invites', async () => {
      const ann = await signUp();
      const admin = await memberOf(ann.tenant, 'admin');
      const inviting = invite(on.identity, admin.principal, { email: 'x@example.com', role: 'owner' });
      await expect(inviting).rejects.toMatchObject({ definition: { code: 'ERR_USER_008' } });
    });
  });

  describe('members', () => {
    test('are changed by nobody below them, and raised above nobody', async () => {
      const ann = await signUp();
      const admin = await memberOf(ann.tenant, 'admin');
      const bob = await memberOf(ann.tenant, 'member');
      const above = { definition: { code: 'ERR_USER_008' } };
      const change = (id: string, role: Principal['role']) => changeMember(on.identity, admin.principal, id, { role });
      await expect(change(bob.id, 'owner')).rejects.toMatchObject(above);
      await expect(change(ann.id, 'viewer')).rejects.toMatchObject(above);
      await expect(change(admin.id, 'owner')).rejects.toMatchObject(above);
      await change(bob.id, 'viewer');
      expect((await act(bob.token)).role).toBe('viewer');
    });

    test('keep an owner, also when two leave at once', async () => {
      const ann = await signUp();
      const last = { definition: { code: 'ERR_USER_009' } };
      await expect(leaveTenant(on.identity, ann.principal, ann.tenant.slug)).rejects.toMatchObject(last);
      const demoting = changeMember(on.identity, ann.principal, ann.id, { role: 'admin' });
      await expect(demoting).rejects.toMatchObject(last);
      const other = await memberOf(ann.tenant, 'owner');
      const leaving = await Promise.allSettled([
        leaveTenant(on.identity, ann.principal, ann.tenant.slug),
        leaveTenant(on.identity, other.principal, ann.tenant.slug),
      ]);
      expect(leaving.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('lose tokens and keys of this tenant when they are removed, and keep their own', async () => {
      const ann = await signUp();
      const bob = await memberOf(ann.tenant, 'member');
      const { key } = await createApiKey(on.identity, bob.principal, { name: 'a key' });
      await removeMember(on.identity, ann.principal, bob.id);
      await expect(act(bob.token)).rejects.toMatchObject(INVALID);
      await expect(act(key)).rejects.toMatchObject(INVALID);
      expect((await bob.logIn()).tenant.id).toBe(bob.tenant.id);
      const again = removeMember(on.identity, ann.principal, bob.id);
      await expect(again).rejects.toMatchObject({ definition: { code: 'ERR_USER_007' } });
    });

    test('have no access while they are deactivated, and it back after', async () => {
      const ann = await signUp();
      const bob = await memberOf(ann.tenant, 'member');
      const { key } = await createApiKey(on.identity, bob.principal, { name: 'a key' });
      await changeMember(on.identity, ann.principal, bob.id, { isActive: false });
      const inactive = { definition: { code: 'ERR_USER_006' } };
      await expect(act(bob.token)).rejects.toMatchObject(inactive);
      await expect(act(key)).rejects.toMatchObject(inactive);
      await changeMember(on.identity, ann.principal, bob.id, { isActive: true });
      expect((await act(key)).userId).toBe(bob.id);
    });

    test('of the whole installation are deactivated by an operator', async () => {
      const ann = await signUp();
      const operator = { ...(await signUp()).principal, operator: true };
      await setUserActive(on.identity, operator, ann.id, false);
      await expect(act(ann.started.accessToken)).rejects.toMatchObject(INVALID);
      await expect(ann.logIn()).rejects.toMatchObject({ definition: { code: 'ERR_USER_003' } });
      await setUserActive(on.identity, operator, ann.id, true);
      expect((await ann.logIn()).user.is_active).toBe(true);
    });
  });

  describe('service accounts and their keys', () => {
    test('act within their role, stay when their maker goes, and cannot log in', async () => {
      const ann = await signUp();
      const admin = await memberOf(ann.tenant, 'admin');
      const made = await createServiceAccount(on.identity, admin.principal, { name: 'importer', role: 'member' });
      const wanted = { name: 'k', scopes: ['read', 'write'] } as const;
      const { key } = await createServiceAccountKey(on.identity, admin.principal, made.id, wanted);
      const beyond = createServiceAccountKey(on.identity, admin.principal, made.id, { name: 'k', scopes: ['admin'] });
      await expect(beyond).rejects.toMatchObject({ options: { fields: [{ field: 'scopes' }] } });
      await removeMember(on.identity, ann.principal, admin.id);
      expect(await act(key)).toMatchObject({ userId: made.id, role: 'member', serviceAccount: true });
      const email = `${made.id}@service-account.invalid`;
      await expect(login(on.identity, { name: email, password: '' })).rejects.toThrow();
      const mails = on.mails.length;
      await forgotPassword(on.identity, email);
      expect(on.mails).toHaveLength(mails);
      const above = createServiceAccount(on.identity, admin.principal, { name: 'root', role: 'owner' });
      await expect(above).rejects.toMatchObject({ definition: { code: 'ERR_USER_008' } });
    });

    test('a rotated key keeps its old secret for a while, and one rotated away twice not', async () => {
      const ann = await signUp();
      const { key: first, row } = await createApiKey(on.identity, ann.principal, { name: 'a key' });
      const rotate = () => rotateApiKey(on.identity, ann.principal, row.id, 60);
      const { key: second } = await rotate();
      expect([(await act(first)).apiKeyId, (await act(second)).apiKeyId]).toEqual([row.id, row.id]);
      on.clock.advance(60 * 60_000);
      await expect(act(first)).rejects.toMatchObject(INVALID);
      expect((await act(second)).apiKeyId).toBe(row.id);
      const { key: third } = await rotate();
      await rotate();
      await expect(act(second)).rejects.toMatchObject(INVALID);
      expect((await act(third)).apiKeyId).toBe(row.id);
      const bob = await signUp();
      const stolen = rotateApiKey(on.identity, bob.principal, row.id);
      await expect(stolen).rejects.toMatchObject({ definition: { code: 'ERR_KEY_001' } });
    });
  });
});
