import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import type { ApiError } from '../../../platform/http/errors.ts';
import { createApiKey } from '../api-key/api-key.service.ts';
import { register } from '../identity.service.ts';
import { authenticateToken } from '../principal.ts';
import { login } from '../token/login.service.ts';
import { enrolAtLogin, passSecondFactor } from '../token/second-step.service.ts';
import {
  confirmSecondFactor,
  describeSecondFactor,
  enrolSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  requireInTenant,
} from './second-factor.service.ts';
import { stepAt, totpCode } from './totp.ts';

const WRONG = { definition: { code: 'ERR_AUTH_010' } };
const STEP = 30_000;
const client = {};

function unbase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

describe.each(testDatabases())('a second factor on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
  });

  async function signUp() {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, account);
    const logIn = () => login(on.identity, { name: account.email, password: account.password });
    const started = await logIn();
    const principal = await authenticateToken(on.identity, started.accessToken);
    return { ...account, id: user.id, tenant, started, principal, logIn };
  }

  async function enrolled() {
    const ann = await signUp();
    const { secret } = await enrolSecondFactor(on.identity, ann.principal, ann.password);
    const code = (steps = 0) => totpCode(unbase32(secret), stepAt(on.clock.now()) + steps);
    const codes = await confirmSecondFactor(on.identity, ann.principal, code());
    on.clock.advance(STEP);
    return { ...ann, code, codes };
  }

  /** The first step of a login that needs a second. */
  async function challenged(logIn: () => Promise<unknown>) {
    const error = (await logIn().catch((thrown: unknown) => thrown)) as ApiError;
    expect(error.definition.code).toBe('ERR_AUTH_009');
    return error.options.extensions as { challenge: string; enrolment: boolean };
  }

  const pass = (challenge: string, code: string) => passSecondFactor(on.identity, { challenge, code, client });

  test('guards nothing before its first code, and needs the password to begin', async () => {
    const ann = await signUp();
    const wrong = enrolSecondFactor(on.identity, ann.principal, 'wrong');
    await expect(wrong).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_013' } });
    await enrolSecondFactor(on.identity, ann.principal, ann.password);
    const confirming = confirmSecondFactor(on.identity, ann.principal, '000000');
    await expect(confirming).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_019' } });
    expect((await ann.logIn()).user.id).toBe(ann.id);
    expect(await describeSecondFactor(on.identity, ann.principal)).toEqual({ enabled: false, recoveryCodesLeft: 0 });
  });

  test('is asked for in a second step, and a code is good once', async () => {
    const ann = await enrolled();
    const { challenge, enrolment } = await challenged(ann.logIn);
    expect(enrolment).toBe(false);
    const code = ann.code();
    const started = await pass(challenge, code);
    expect((await authenticateToken(on.identity, started.accessToken)).userId).toBe(ann.id);
    // Neither the challenge again, nor the code with another challenge, nor the one of enrolment.
    await expect(pass(challenge, ann.code(1))).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_011' } });
    const next = await challenged(ann.logIn);
    await expect(pass(next.challenge, code)).rejects.toMatchObject(WRONG);
    await expect(pass(next.challenge, ann.code(-1))).rejects.toMatchObject(WRONG);
    expect((await pass(next.challenge, ann.code(1))).user.id).toBe(ann.id);
  });

  test('of two who send the same code at once lets one in', async () => {
    const ann = await enrolled();
    const challenges = [await challenged(ann.logIn), await challenged(ann.logIn)];
    const code = ann.code();
    const passing = await Promise.allSettled(challenges.map(({ challenge }) => pass(challenge, code)));
    expect(passing.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('ends the challenge after five wrong codes, and locks the account after ten', async () => {
    const ann = await enrolled();
    for (const round of [1, 2]) {
      const { challenge } = await challenged(ann.logIn);
      for (let tried = 0; tried < 5; tried += 1) await expect(pass(challenge, '000000')).rejects.toMatchObject(WRONG);
      const ended = pass(challenge, ann.code());
      await expect(ended).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_011' } });
      expect(round).toBeLessThan(3);
    }
    await expect(ann.logIn()).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_008' } });
  });

  test('a challenge is no credential, and lasts ten minutes', async () => {
    const ann = await enrolled();
    const { challenge } = await challenged(ann.logIn);
    await expect(authenticateToken(on.identity, challenge)).rejects.toMatchObject({
      definition: { code: 'ERR_AUTH_002' },
    });
    on.clock.advance(10 * 60_000);
    await expect(pass(challenge, ann.code())).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_011' } });
  });

  test('is replaced by a recovery code, typed as people type, once', async () => {
    const ann = await enrolled();
    const [first = '', second = ''] = ann.codes;
    expect(new Set(ann.codes).size).toBe(10);
    const { challenge } = await challenged(ann.logIn);
    const typed = first.toUpperCase().replaceAll('-', ' ');
    const started = await pass(challenge, typed);
    const principal = await authenticateToken(on.identity, started.accessToken);
    expect((await describeSecondFactor(on.identity, principal)).recoveryCodesLeft).toBe(9);
    const again = await challenged(ann.logIn);
    await expect(pass(again.challenge, first)).rejects.toMatchObject(WRONG);
    // The way back in for who lost the authenticator: remove it by another one.
    await removeSecondFactor(on.identity, principal, second);
    expect((await ann.logIn()).user.id).toBe(ann.id);
    expect(on.mails.at(-1)?.subject).toBe('Your second factor was removed');
  });

  test('gives new recovery codes for a code, and the old are good no more', async () => {
    const ann = await enrolled();
    const codes = await renewRecoveryCodes(on.identity, ann.principal, ann.code());
    const { challenge } = await challenged(ann.logIn);
    await expect(pass(challenge, ann.codes[0] ?? '')).rejects.toMatchObject(WRONG);
    expect((await pass(challenge, codes[0] ?? '')).user.id).toBe(ann.id);
  });

  test('is stored sealed, and its recovery codes as hashes', async () => {
    const ann = await signUp();
    const { secret } = await enrolSecondFactor(on.identity, ann.principal, ann.password);
    const code = totpCode(unbase32(secret), stepAt(on.clock.now()));
    const codes = await confirmSecondFactor(on.identity, ann.principal, code);
    const row = await db.database.db
      .selectFrom('platform.second_factor')
      .selectAll()
      .where('user_id', '=', ann.id)
      .executeTakeFirstOrThrow();
    expect(row.secret.includes(unbase32(secret))).toBe(false);
    expect(row.secret.includes(unbase32(secret).toString('base64'))).toBe(false);
    const stored = await db.database.db.selectFrom('platform.recovery_code').selectAll().execute();
    for (const shown of codes) expect(JSON.stringify(stored)).not.toContain(shown);
  });

  test('that a tenant requires is set up in the login itself; logins without it and none of the keys end', async () => {
    const ann = await signUp();
    const { key } = await createApiKey(on.identity, ann.principal, { name: 'a key' });
    await requireInTenant(on.identity, ann.principal, true);
    on.clock.advance(1_000);
    await expect(authenticateToken(on.identity, ann.started.accessToken)).rejects.toMatchObject({
      definition: { code: 'ERR_AUTH_002' },
    });
    expect((await authenticateToken(on.identity, key)).userId).toBe(ann.id);
    const { challenge, enrolment } = await challenged(ann.logIn);
    expect(enrolment).toBe(true);
    await expect(pass(challenge, '123456')).rejects.toMatchObject(WRONG);
    const { secret } = await enrolAtLogin(on.identity, challenge);
    const started = await pass(challenge, totpCode(unbase32(secret), stepAt(on.clock.now())));
    expect(started.recoveryCodes).toHaveLength(10);
    expect((await authenticateToken(on.identity, started.accessToken)).userId).toBe(ann.id);
  });
});
