import { pino } from 'pino';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { movableClock } from '../../../../test/support/identity.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import type { Tenant } from '../tenant.ts';
import { defineTenantSettings } from './tenant-setting.schema.ts';
import { createTenantSettings, type TenantSettings } from './tenant-settings.ts';

const probe = defineTenantSettings('probe', {
  colour: { schema: Type.String({ minLength: 1 }), fallback: 'green', description: 'Of the probe.' },
  quota: { schema: Type.Integer({ minimum: 0 }), fallback: null, description: 'Given.', setBy: 'operator' },
});

const admin = { userId: null, as: 'admin' } as const;
const operator = { userId: null, as: 'operator' } as const;

test('a key is declared once', () => {
  const again = () =>
    defineTenantSettings('probe', { colour: { schema: Type.Null(), fallback: null, description: '' } });
  expect(again).toThrow('probe.colour is defined twice');
});

describe.each(testDatabases())('tenant settings on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let acme: Tenant;
  let globex: Tenant;
  const clock = movableClock();
  const make = (): TenantSettings =>
    createTenantSettings({ database: db.database, clock, log: pino({ enabled: false }) });

  beforeAll(async () => {
    db = await open();
    acme = await makeTenant(db.database, 'Acme');
    globex = await makeTenant(db.database, 'Globex');
  });
  afterAll(() => db.close());

  test('count for the tenant that set them, and for no other', async () => {
    const settings = make();
    await settings.change(acme, { 'probe.colour': 'red' }, admin);
    expect(await settings.read(acme, probe.colour)).toBe('red');
    expect(await settings.read(globex, probe.colour)).toBe('green');
    expect(await settings.read(acme, probe.quota)).toBeNull();
  });

  test('null takes one back to its default', async () => {
    const settings = make();
    await settings.change(acme, { 'probe.colour': 'red' }, admin);
    const states = await settings.change(acme, { 'probe.colour': null }, admin);
    const state = states.find(({ setting }) => setting.key === 'probe.colour');
    expect(state).toMatchObject({ value: 'green', isSet: false });
  });

  test.each([
    [{ 'probe.colour': '' }, 'probe.colour'],
    [{ 'probe.colour': 'red', 'probe.size': 3 }, 'probe.size'],
    [{ 'probe.quota': -1 }, 'probe.quota'],
  ])('%j is refused with the field %s, and nothing of it is kept', async (changes, field) => {
    const settings = make();
    await settings.change(globex, { 'probe.colour': 'blue' }, admin);
    const changing = settings.change(globex, changes, operator);
    await expect(changing).rejects.toMatchObject({ options: { fields: [{ field }] } });
    expect(await settings.read(globex, probe.colour)).toBe('blue');
  });

  test('what a tenant is given is not changed by its admin', async () => {
    const settings = make();
    await expect(settings.change(acme, { 'probe.quota': 9 }, admin)).rejects.toThrow('set by an operator');
    await settings.change(acme, { 'probe.quota': 9 }, operator);
    expect(await settings.read(acme, probe.quota)).toBe(9);
  });

  test('what another process changes is heard of', async () => {
    const [here, there] = [make(), make()];
    // Each try caches anew, and the clock stands: only a notice can make it forget.
    const seen = () => here.read(acme, probe.colour);
    await expect.poll(seen).toBe('green');
    await there.change(acme, { 'probe.colour': 'black' }, admin);
    await expect.poll(seen).toBe('black');
    await there.change(acme, { 'probe.colour': null }, admin);
    await expect.poll(seen).toBe('green');
  });

  test('where no notice comes, a change is seen when the cache is old', async () => {
    const settings = make();
    const store = (colour: string) =>
      db.database.execute(`UPDATE platform.tenant_setting SET value = '"${colour}"' WHERE key = 'probe.colour'`);
    await settings.change(acme, { 'probe.colour': 'grey' }, admin);
    // The notice of that change, and the beginning of the listening, may still come between: then once more.
    await vi.waitFor(async () => {
      await store('grey');
      clock.advance(10_000);
      expect(await settings.read(acme, probe.colour)).toBe('grey');
      await store('white');
      expect(await settings.read(acme, probe.colour)).toBe('grey');
    }, 20_000);
    clock.advance(10_000);
    expect(await settings.read(acme, probe.colour)).toBe('white');
  });
});
