import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { movableClock } from '../../../../test/support/identity.ts';
import { makeTenant } from '../../../../test/support/tenants.ts';
import { startUsage } from '../../../../test/support/usage.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import { newId } from '../../../platform/id.ts';
import type { Mail } from '../../../platform/mail/mailer.ts';
import type { Outbox } from '../../../platform/mail/outbox.ts';
import { listAudit, type Tenant } from '../../tenancy/index.ts';
import type { Usage } from '../index.ts';
import { nanosOf } from '../prices/price.ts';

const DAY_MS = 86_400_000;

describe.each(testDatabases())('alerts about budgets on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  async function addMember(tenant: Tenant, role: MembershipRole, isActive = true): Promise<string> {
    const id = newId();
    const email = `${role}-${id}@example.com`;
    await db.database.db.insertInto('platform.user').values({ id, email }).execute();
    const membership = { tenant_id: tenant.id, user_id: id, role, is_active: isActive };
    await db.database.db.insertInto('platform.membership').values(membership).execute();
    return email;
  }

  /** A tenant that may spend ten dollars a day, and two replicas that hear of what is spent. */
  async function start(makeOutbox?: (mails: Mail[]) => Outbox) {
    const tenant = await makeTenant(db.database);
    const clock = movableClock(new Date('2026-03-30T12:00:00Z'));
    const mails: Mail[] = [];
    const outbox: Outbox = makeOutbox?.(mails) ?? { post: async (_trx, mail) => void mails.push(mail) };
    const make = () => startUsage(db.database, { clock, outbox, installationLimit: nanosOf(10) });
    const acts = async () => {
      const entries = await listAudit(db.database, { tenantId: tenant.id } as never, { before: null, limit: 50 });
      return entries.filter(({ act }) => act === 'budget.alert').map(({ details }) => details);
    };
    return { tenant, clock, mails, acts, here: make(), there: make() };
  }

  async function spend(usage: Usage, tenant: Tenant, usd: number): Promise<void> {
    const payer = { tenantId: tenant.id, userId: null, apiKeyId: null, amount: nanosOf(usd) };
    const callId = newId();
    const call = {
      ...payer,
      callId,
      purpose: 'answer',
      model: 'openai/gpt-5',
      runId: null,
      runPosition: null,
      ownKey: false,
    } as const;
    const refusal = await usage.ledger.reserve({ ...call, price: null, inputTokens: 1 });
    const tokens = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, estimated: false };
    if (!refusal) await usage.ledger.settle(payer, { callId, cost: nanosOf(usd), ...tokens });
    await usage.alerts.told();
  }

  test('are in the audit log and in the mail of owners and admins, once a share and period, from however many replicas', async () => {
    const { tenant, clock, mails, acts, here, there } = await start();
    const owner = await addMember(tenant, 'owner');
    const admin = await addMember(tenant, 'admin');
    await addMember(tenant, 'member');
    await addMember(tenant, 'admin', false);

    await spend(here, tenant, 7.9);
    expect([await acts(), mails]).toEqual([[], []]);
    await Promise.all([spend(here, tenant, 0.2), spend(there, tenant, 0.2)]);
    await Promise.all([here.alerts.told(), there.alerts.told()]);
    const details = { period: 'day', period_start: '2026-03-30', limit_usd: 10, hard: true };
    expect(await acts()).toEqual([{ percent: 80, ...details }]);
    expect(mails.map(({ to }) => to).toSorted()).toEqual([admin, owner].toSorted());
    expect(mails[0]).toMatchObject({
      subject: `80 % of a budget in ${tenant.slug} are used`,
      text: expect.stringContaining('10 USD a day for the tenant.'),
    });
    expect(mails[0]?.text).toContain('begins anew at 2026-03-31T00:00:00Z');

    mails.length = 0;
    await spend(there, tenant, 5);
    await spend(there, tenant, 5);
    expect(await acts()).toEqual([
      { percent: 100, ...details },
      { percent: 80, ...details },
    ]);
    expect(mails).toHaveLength(2);

    mails.length = 0;
    clock.advance(DAY_MS);
    await spend(here, tenant, 9);
    expect(mails).toHaveLength(2);
    expect((await acts())[0]).toMatchObject({ percent: 80, period_start: '2026-03-31' });
  });

  test('say nothing to the neighbour', async () => {
    const { tenant, mails, here } = await start();
    const neighbour = await makeTenant(db.database);
    await addMember(neighbour, 'owner');
    await spend(here, tenant, 9);
    expect(mails).toEqual([]);
  });

  test('that could not be told are told later, and still once', async () => {
    let broken = true;
    const { tenant, mails, acts, here, there } = await start((sent) => ({
      post: async (_trx, mail) => {
        if (broken) throw new Error('the queue is away');
        sent.push(mail);
      },
    }));
    await addMember(tenant, 'owner');
    await spend(here, tenant, 9);
    expect([await acts(), mails]).toEqual([[], []]);
    broken = false;
    // As each process does at its start, and every minute.
    there.alerts.tell();
    here.alerts.tell();
    await Promise.all([here.alerts.told(), there.alerts.told()]);
    expect(mails).toHaveLength(1);
    expect(await acts()).toHaveLength(1);
  });

  test('for one user name them by their id', async () => {
    const { tenant, mails, acts, here } = await start();
    await addMember(tenant, 'owner');
    const userId = newId();
    const alert = { tenant_id: tenant.id, scope: 'user', subject_id: userId, period: 'month', hard: false } as const;
    await db.database.db
      .insertInto('platform.budget_alert')
      .values({ ...alert, period_start: new Date('2026-03-01'), amount: nanosOf(2), percent: 100, told_at: null })
      .execute();
    here.alerts.tell();
    await here.alerts.told();
    expect(mails[0]?.text).toContain(`2 USD a month for a user (${userId}).`);
    expect(mails[0]?.text).toContain('It is a soft budget');
    expect(await acts()).toEqual([expect.objectContaining({ percent: 100, limit_usd: 2, hard: false })]);
  });
});
