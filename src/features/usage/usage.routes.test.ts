import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../../test/support/app.ts';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { newAccount } from '../../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../../test/support/raised-limits.ts';
import { FAKE_PRICE, startUsage } from '../../../test/support/usage.ts';
import { scriptedModel } from '../../ai/fakes.ts';
import type { MembershipRole } from '../../platform/database/schema.ts';
import { newId } from '../../platform/id.ts';
import type { Call } from './metering/meter.ts';

type User = { id: string; tenantId: string; slug: string; token: string };

describe.each(testDatabases())('usage and budgets over HTTP on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestApp;
  let operator: User;
  let owner: User;
  let member: User;
  let neighbour: User;

  beforeAll(async () => {
    db = await open();
    on = await openApp(db.database, { ...RAISED_LIMITS });
    // The first account of an installation is its operator's.
    operator = await signUp();
    owner = await signUp();
    member = await signUp({ of: owner, role: 'member' });
    neighbour = await signUp();
    await spend(owner, 100);
    await spend(member, 200);
    await spend(neighbour, 400);
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await db.close();
  });

  async function call(
    by: User | null,
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    url: string,
    body?: object,
  ) {
    const headers = by ? { authorization: `Bearer ${by.token}` } : {};
    const reply = await on.app.inject({ method, url, headers, ...(body && { payload: body }) });
    return { status: reply.statusCode, body: reply.body === '' ? null : JSON.parse(reply.body) };
  }

  async function signUp(into?: { of: User; role: MembershipRole }): Promise<User> {
    const account = newAccount();
    const made = await call(null, 'POST', '/v1/auth/register', account);
    const tenantId = into?.of.tenantId ?? made.body.tenant.id;
    const id: string = made.body.user.id;
    if (into) {
      const membership = { tenant_id: tenantId, user_id: id, role: into.role };
      await db.database.db.insertInto('platform.membership').values(membership).execute();
    }
    const { email, password } = account;
    const slug: string = into?.of.slug ?? made.body.tenant.slug;
    const login = await call(null, 'POST', '/v1/auth/login', { email, password, tenant: slug });
    return { id, tenantId, slug, token: login.body.access_token };
  }

  /** One answer of that many tokens, at two micro-dollars for each, with ten of input at one. */
  async function spend({ tenantId, slug, id }: User, outputTokens: number, more: Partial<Call> = {}) {
    const usage = startUsage(db.database, { prices: [FAKE_PRICE], mostOutputTokens: 1_000 });
    const who = { tenant: { id: tenantId, slug }, userId: id, apiKeyId: null, purpose: 'answer' as const, ...more };
    const finish = { type: 'finish', reason: 'stop', usage: { inputTokens: 10, outputTokens } } as const;
    const request = { instructions: null, messages: [], passages: null, signal: new AbortController().signal };
    await Array.fromAsync(usage.meter.model(scriptedModel(['Hello', finish]), who).stream(request));
    await usage.ledger.drained();
  }

  test('an admin sees what the tenant used, a member what they did, and nobody the neighbour’s', async () => {
    const whole = await call(owner, 'GET', '/v1/usage');
    expect(whole.body).toMatchObject({
      whole_tenant: true,
      data: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), calls: 2, output_tokens: 300, cost_usd: 0.00062 }],
      total: { calls: 2, input_tokens: 20, cost_usd: 0.00062, unpriced_calls: 0, estimated_calls: 0 },
    });
    expect((await call(member, 'GET', '/v1/usage')).body).toMatchObject({ whole_tenant: false, total: { calls: 1 } });
    expect((await call(neighbour, 'GET', '/v1/usage')).body.total.output_tokens).toBe(400);
    const foreign = await call(neighbour, 'GET', `/v1/usage?user_id=${member.id}`);
    expect(foreign.body.total.calls).toBe(0);
  });

  test('it is summed by model, user, key and purpose, the dearest first', async () => {
    const { body } = await call(owner, 'GET', '/v1/usage?group_by=user,model');
    expect(body.data).toMatchObject([
      { user_id: member.id, model: 'fake/scripted', cost_usd: 0.00041 },
      { user_id: owner.id, model: 'fake/scripted', cost_usd: 0.00021 },
    ]);
    expect((await call(owner, 'GET', '/v1/usage?group_by=key,purpose')).body.data).toMatchObject([
      { api_key_id: null, purpose: 'answer', calls: 2 },
    ]);
    expect((await call(owner, 'GET', '/v1/usage?model=nothing')).body.total.calls).toBe(0);
  });

  test('a member finds nothing of another’s, and a range that is none is refused with its field', async () => {
    const calls = async (by: User, of: User) => (await call(by, 'GET', `/v1/usage?user_id=${of.id}`)).body.total.calls;
    expect([await calls(member, owner), await calls(member, member), await calls(owner, member)]).toEqual([0, 1, 1]);
    const backwards = await call(owner, 'GET', '/v1/usage?from=2026-02-01&to=2026-01-01');
    expect(backwards).toMatchObject({ status: 422, body: { errors: [{ field: 'to' }] } });
    for (const query of ['group_by=tenant', 'group_by=day;', 'from=yesterday', 'tenant_id=1'])
      expect((await call(owner, 'GET', `/v1/usage?${query}`)).status, query).toBe(422);
  });

  test('an admin sets, changes and lifts budgets, and sees what is used of them and of the installation’s', async () => {
    const made = await call(owner, 'POST', '/v1/budgets', {
      scope: 'user',
      subject_id: member.id,
      period: 'month',
      limit_usd: 2,
    });
    expect(made).toMatchObject({
      status: 201,
      body: { limit_usd: 2, hard: true, set_by: 'tenant', spent_usd: 0.00041, reserved_usd: 0 },
    });
    const { id } = made.body;
    expect(
      (
        await call(owner, 'POST', '/v1/budgets', {
          scope: 'user',
          subject_id: member.id,
          period: 'month',
          limit_usd: 3,
        })
      ).body,
    ).toMatchObject({ code: 'ERR_BUDGET_004' });
    expect((await call(owner, 'PATCH', `/v1/budgets/${id}`, { limit_usd: 2.5 })).body).toMatchObject({
      limit_usd: 2.5,
    });
    expect((await call(owner, 'GET', '/v1/budgets')).body.data).toMatchObject([
      { id: null, set_by: 'installation', period: 'day', limit_usd: 10, spent_usd: 0.00062 },
      { id, limit_usd: 2.5 },
    ]);
    expect((await call(owner, 'DELETE', `/v1/budgets/${id}`)).status).toBe(204);
    expect((await call(owner, 'DELETE', `/v1/budgets/${id}`)).body).toMatchObject({ code: 'ERR_BUDGET_003' });
    const acts = await db.database.db
      .selectFrom('platform.audit_entry')
      .select('act')
      .where('tenant_id', '=', owner.tenantId)
      .where('act', 'like', 'budget.%')
      .execute();
    expect(acts.map(({ act }) => act)).toEqual(['budget.create', 'budget.change', 'budget.delete']);
  });

  test('the neighbour’s budget is not there, and a subject of another tenant is none', async () => {
    const { body } = await call(owner, 'POST', '/v1/budgets', { scope: 'key', period: 'day', limit_usd: 1 });
    expect((await call(neighbour, 'GET', '/v1/budgets')).body.data).toHaveLength(1);
    for (const method of ['PATCH', 'DELETE'] as const) {
      const change = method === 'PATCH' ? { limit_usd: 9 } : undefined;
      expect((await call(neighbour, method, `/v1/budgets/${body.id}`, change)).status, method).toBe(404);
    }
    const foreign = { scope: 'user', subject_id: neighbour.id, period: 'day', limit_usd: 1 };
    expect((await call(owner, 'POST', '/v1/budgets', foreign)).body).toMatchObject({
      status: 404,
      code: 'ERR_BUDGET_005',
    });
    expect((await call(owner, 'POST', '/v1/budgets', { ...foreign, scope: 'tenant' })).status).toBe(422);
    expect((await call(owner, 'DELETE', `/v1/budgets/${body.id}`)).status).toBe(204);
  });

  test('budgets are for admins, the view over all tenants for operators', async () => {
    const budget = { scope: 'tenant', period: 'day', limit_usd: 1 };
    const admins = [
      call(member, 'GET', '/v1/budgets'),
      call(member, 'POST', '/v1/budgets', budget),
      call(member, 'PATCH', `/v1/budgets/${newId()}`, { limit_usd: 1 }),
      call(member, 'DELETE', `/v1/budgets/${newId()}`),
    ];
    const given = `/v1/admin/tenants/${owner.tenantId}/budgets`;
    const operators = [
      call(owner, 'GET', '/v1/admin/usage'),
      call(owner, 'GET', given),
      call(owner, 'PUT', `${given}/day`, { limit_usd: 1_000 }),
      call(owner, 'DELETE', `${given}/day`),
    ];
    for (const { status } of await Promise.all([...admins, ...operators])) expect(status).toBe(403);
    for (const url of ['/v1/usage', '/v1/budgets', '/v1/admin/usage', given])
      expect((await call(null, 'GET', url)).status).toBe(401);
  });

  test('an operator sees every tenant without content, and gives one another limit', async () => {
    const { body } = await call(operator, 'GET', '/v1/admin/usage');
    expect(body.data.slice(0, 2)).toMatchObject([
      { tenant_id: neighbour.tenantId, slug: neighbour.slug, cost_usd: 0.00081 },
      { tenant_id: owner.tenantId, calls: 2 },
    ]);
    const given = `/v1/admin/tenants/${neighbour.tenantId}/budgets`;
    expect((await call(operator, 'PUT', `${given}/day`, { limit_usd: 50 })).body).toMatchObject({
      set_by: 'operator',
      limit_usd: 50,
    });
    await call(operator, 'PUT', `${given}/day`, { limit_usd: 60 });
    const seen = await call(neighbour, 'GET', '/v1/budgets');
    expect(seen.body.data).toMatchObject([{ set_by: 'operator', limit_usd: 60, spent_usd: 0.00081 }]);
    expect((await call(neighbour, 'DELETE', `/v1/budgets/${seen.body.data[0].id}`)).status).toBe(404);
    expect((await call(operator, 'DELETE', `${given}/day`)).status).toBe(204);
    expect((await call(operator, 'GET', given)).body.data).toMatchObject([{ set_by: 'installation' }]);
    expect((await call(operator, 'GET', `/v1/admin/tenants/${newId()}/budgets`)).body).toMatchObject({
      code: 'ERR_BUDGET_006',
    });
  });

  test('analytics count one’s own for members, the tenant’s for admins, and never show what others said', async () => {
    const session = await call(member, 'POST', '/v1/sessions', { title: 'A private matter' });
    await call(member, 'POST', `/v1/sessions/${session.body.id}/runs`, { input: 'Hello', model: 'extractive' });
    await expect
      .poll(async () => (await call(member, 'GET', '/v1/analytics/usage')).body.runs.completed, { timeout: 60_000 })
      .toBe(1);
    expect((await call(member, 'GET', '/v1/analytics/usage')).body).toMatchObject({
      whole_tenant: false,
      messages: 2,
      messages_today: expect.any(Number),
      messages_last_7_days: 2,
      sessions: 1,
      sessions_active: 1,
      avg_importance: null,
    });
    expect((await call(owner, 'GET', '/v1/analytics/usage')).body).toMatchObject({ whole_tenant: true, messages: 2 });
    expect((await call(neighbour, 'GET', '/v1/analytics/usage')).body).toMatchObject({ messages: 0, sessions: 0 });

    const trends = (await call(owner, 'GET', '/v1/analytics/trends?days=7')).body.data;
    expect(trends).toHaveLength(7);
    expect(trends.at(-1)).toMatchObject({ count: 2, role_breakdown: { user: 1, assistant: 1 } });
    expect((await call(neighbour, 'GET', '/v1/analytics/trends')).body.data).toHaveLength(30);

    const own = await call(member, 'GET', '/v1/analytics/top-sessions');
    expect(own.body.data).toMatchObject([{ session_id: session.body.id, title: 'A private matter', message_count: 2 }]);
    const others = await call(owner, 'GET', '/v1/analytics/top-conversations?limit=1');
    expect(others.body.data).toMatchObject([{ session_id: session.body.id, user_id: member.id, title: null }]);
    expect((await call(neighbour, 'GET', '/v1/analytics/top-sessions')).body.data).toEqual([]);

    expect((await call(member, 'GET', '/v1/analytics/embeddings')).body).toMatchObject({
      total: 0,
      success_rate: null,
    });
    expect((await call(owner, 'GET', '/v1/analytics/tenants')).status).toBe(403);
    const tenants = (await call(operator, 'GET', '/v1/analytics/tenants?limit=2')).body;
    expect(tenants.data).toHaveLength(2);
    expect(tenants.data[0]).toMatchObject({ storage_bytes: expect.any(Number) });
    const rest = (await call(operator, 'GET', `/v1/analytics/tenants?cursor=${tenants.next_cursor}`)).body;
    // The member has a tenant of their own, too.
    expect(rest.next_cursor).toBeNull();
    expect([...tenants.data, ...rest.data].map(({ tenant_id }) => tenant_id)).toContain(owner.tenantId);
    expect(rest.data).toHaveLength(2);
  });

  test('an operator sees the services that are called, and nobody else does', async () => {
    const { body } = await call(operator, 'GET', '/v1/admin/health');
    expect(body).toMatchObject({ status: 'healthy', checks: { database: 'ok' }, outside: [], jobs: expect.any(Array) });
    expect((await call(owner, 'GET', '/v1/admin/health')).status).toBe(403);
    on.services.outside.breaker('model:openai', 'model');
    expect((await call(operator, 'GET', '/v1/admin/health')).body.outside).toEqual([
      { name: 'model:openai', kind: 'model', circuit: 'closed', active: 0, waiting: 0 },
    ]);
  });
});
