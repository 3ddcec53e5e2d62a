import { randomBytes } from 'node:crypto';
import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { clientWith } from '../scratch/scratch-client.ts';

export const secretRotated: ScratchCheck = {
  id: 'secret-rotated',
  kind: 'drill',
  category: 'security',
  weight: 'blocker',
  title:
    'Keys rotate without loss: tokens of the old signing key end, and what the old encryption key sealed opens with the new one',
  items: ['S2-124', 'S2-97', 'S1-118', 'S3-103'],
  expected:
    'after `parley keys rotate --overlap 0` old tokens get 401; after `parley secrets rotate` a tenant’s provider key works without the old key',
  remedy: 'report it: this is a fault of the program',
  validDays: 90,
  run: async (workshop) => {
    const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const own = `sk-of-the-tenant-${randomBytes(12).toString('hex')}`;
    const provider = await workshop.provider();
    let key = '';
    provider.answer = (turn) => {
      key = turn.key;
      turn.say('Well.');
      turn.end();
    };
    const shared = {
      ...provider.settings,
      DATA_DIR: await workshop.folder(),
      SECRET_KEY: randomBytes(32).toString('base64url'),
    };
    const first = await workshop.serve({ ...shared, ENCRYPTION_KEYS: older });
    const user = await first.login();
    const set = await user.ask('/v1/tenants/current/provider-keys/openai', { method: 'PUT', body: { key: own } });
    if (set.status !== 200) throw new Error(`a provider key is answered by ${set.status}: ${set.text.slice(0, 200)}`);
    await first.stop();
    const both = { ...shared, ENCRYPTION_KEYS: `${newer},${older}` };
    const signing = await workshop.run(['keys', 'rotate', '--overlap', '0'], both);
    const sealing = await workshop.run(['secrets', 'rotate'], both);
    const faults = [signing, sealing]
      .filter(({ code }) => code !== 0)
      .map(({ code, err }) => `a rotation ended with ${code}: ${err.slice(-200)}`);
    const second = await workshop.serve({ ...shared, ENCRYPTION_KEYS: newer });
    const old = await second.ask('/v1/sessions', { headers: { authorization: `Bearer ${user.token}` } });
    if (old.status !== 401) faults.push(`a token of the old key is answered by ${old.status}`);
    const login = await second.ask('/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(first.credential),
    });
    if (login.status !== 200) return judge([...faults, `a login answers ${login.status}`], '');
    const again = clientWith(
      second.url,
      (JSON.parse(login.text) as { access_token: string }).access_token,
      workshop.signal,
    );
    for await (const _ of again.follow(await again.begin(await again.newSession(), 'Which key?')));
    if (key !== own)
      faults.push(
        key === '' ? 'the provider was not asked' : 'the provider was asked with another key than the tenant’s',
      );
    if (`${first.output()}${second.output()}${sealing.out}`.includes(own)) faults.push('the key is in an output');
    return judge(faults, 'old tokens end, logins go on, the sealed key opens with the new one alone', [
      sample('rotations', signing.out + sealing.out),
    ]);
  },
};
