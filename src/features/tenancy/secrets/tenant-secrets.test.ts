import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { createSecretBox } from '../../../platform/secrets/secret-box.ts';
import type { Tenant } from '../tenant.ts';
import { createTenantSecrets } from './tenant-secrets.ts';

const [older, newer] = [randomBytes(32), randomBytes(32)];
const KEY = 'sk-a-key-of-a-provider-1234';

describe.each(testDatabases())('secrets of tenants on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let acme: Tenant;
  let globex: Tenant;
  const secretsWith = (...keys: [Buffer, ...Buffer[]]) => createTenantSecrets(db.database, createSecretBox(keys));
  const put = (tenant: Tenant, name: string, text: string, key = older) =>
    db.database.transaction((trx) => secretsWith(key).put(trx, tenant, name, text, null));

  beforeAll(async () => {
    db = await open();
    acme = await makeTenant(db.database, 'Acme');
    globex = await makeTenant(db.database, 'Globex');
  });
  afterAll(() => db.close());

  test('are read by their tenant alone, and shown by their end', async () => {
    await put(acme, 'provider/openai', KEY);
    const secrets = secretsWith(older);
    expect(await secrets.read(acme, 'provider/openai')).toBe(KEY);
    expect(await secrets.read(globex, 'provider/openai')).toBeNull();
    expect(await secrets.list(acme, 'provider/')).toMatchObject([{ name: 'provider/openai', hint: '1234' }]);
    expect(await secrets.list(acme, 'mcp/')).toEqual([]);
  });

  test('are nowhere in the database as they are', async () => {
    await put(acme, 'provider/openai', KEY);
    const { rows } = await db.database.execute("SELECT encode(sealed, 'escape') AS text FROM platform.tenant_secret");
    for (const { text } of rows) expect(text).not.toContain('sk-a-key');
  });

  test('do not open in another tenant’s row', async () => {
    await put(acme, 'provider/copied', KEY);
    await db.database.execute(
      `INSERT INTO platform.tenant_secret (tenant_id, name, sealed, hint)
       SELECT '${globex.id}', name, sealed, hint FROM platform.tenant_secret WHERE name = 'provider/copied'`,
    );
    await expect(secretsWith(older).read(globex, 'provider/copied')).rejects.toThrow('sealed for something else');
    await db.database.execute("DELETE FROM platform.tenant_secret WHERE name = 'provider/copied'");
  });

  test('a short one shows nothing of itself', async () => {
    await put(acme, 'provider/short', 'hunter2');
    expect(await secretsWith(older).list(acme, 'provider/short')).toMatchObject([{ hint: '' }]);
  });

  test('rotation seals all of them anew, names what no key opens, and may be repeated', async () => {
    await db.database.execute('DELETE FROM platform.tenant_secret');
    for (let number = 0; number < 120; number += 1) await put(acme, `provider/${number}`, `secret ${number}`);
    await put(globex, 'provider/lost', KEY, randomBytes(32));
    const between = secretsWith(newer, older);
    const broken = [`${globex.id} provider/lost`];
    expect(await between.sealed.rotate()).toEqual({ sealed: 120, current: 0, broken });
    expect(await between.sealed.rotate()).toEqual({ sealed: 0, current: 120, broken });
    expect(await secretsWith(newer).read(acme, 'provider/119')).toBe('secret 119');
  });
});
