import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Principal, visitorSettings } from '../features/identity/index.ts';
import { limitSettings, type Tenant, type TenantSetting, type TenantSettings } from '../features/tenancy/index.ts';
import type { RouteLimit } from '../platform/http/access.ts';
import { addressKey, callerAddress } from '../platform/http/caller-address.ts';
import { defineErrors } from '../platform/http/errors.ts';
import type { App } from '../platform/http/server.ts';
import { createLimiter, type Limiter, type Verdict } from '../platform/limits/limiter.ts';
import { rateLimitHeaders, secondsUntilReset } from '../platform/limits/rate-limit-headers.ts';
import type { RedisConnection } from '../platform/redis/redis.ts';
import type { Config } from './config.ts';

/** Whom a limit counts. */
type Subject = 'address' | 'account' | 'tenant' | 'user' | 'principal' | 'visitor' | 'visitor-address';

/** `each`: every route is counted by itself. `tenantsOwn`: the setting by which a tenant may have another quota. */
type Rule = { per: Subject; limiter: Limiter; tenantsOwn: TenantsOwn | null; each?: boolean };
type TenantsOwn = { quotaOf(tenant: Tenant): Promise<number | null>; limiterOf(quota: number): Limiter };

/** Which requests each rule is for: all of them, or the routes that name it in `config.limit`; `websocket`: each message. */
export type RateLimits = Readonly<Record<'all' | 'websocket' | Exclude<RouteLimit, 'none'>, readonly Rule[]>>;

export const limitErrors = defineErrors('LIMIT', {
  exceeded: {
    number: 1,
    kind: 'rate-limited',
    title: 'Too many requests',
    example: 'More than 200 requests in 60 seconds from this address. Try again in 23 seconds.',
  },
});

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Sessions that visitors may begin for each message that they may write. */
const SESSIONS_PER_MESSAGE = 4;

/** The table of limits; docs/decisions/0011-rate-limits.md says what each is counted in. */
export function createRateLimits(
  config: Config,
  redis: RedisConnection | null,
  settings: Pick<TenantSettings, 'read'>,
  onRefused?: (limit: string) => void,
): RateLimits {
  const limiterOf = (name: string, quota: number, growing: boolean) =>
    createLimiter({ name, quota, windowSeconds: MINUTE, growing }, redis, onRefused);
  const rule = (per: Subject, name: string, quota: number, growing = false): Rule => ({
    per,
    limiter: limiterOf(name, quota, growing),
    tenantsOwn: null,
  });
  const ownRule = (per: Subject, name: string, quota: number, setting: TenantSetting<number | null>): Rule => ({
    ...rule(per, name, quota),
    tenantsOwn: {
      quotaOf: (tenant) => settings.read(tenant, setting),
      limiterOf: byQuota((own) => limiterOf(name, own, false)),
    },
  });
  const { loginsPerMinute, registrationsPerMinute, visitorMessages, visitorWindowHours } = config;
  /** Visitors are counted by themselves and by their address: for a new token they have to wait nowhere. */
  const visitors = (name: string, times: number): Rule[] =>
    (['visitor', 'visitor-address'] as const).map((per) => {
      const make = (quota: number) =>
        createLimiter(
          { name: `${per}-${name}`, quota: times * quota, windowSeconds: visitorWindowHours * HOUR, growing: false },
          redis,
          onRefused,
        );
      const quotaOf = (tenant: Tenant) => settings.read(tenant, visitorSettings.messages);
      return { per, limiter: make(visitorMessages), tenantsOwn: { quotaOf, limiterOf: byQuota(make) } };
    });
  const visitorRuns = visitors('run', 1);
  const run = ownRule('user', 'run', config.runsPerMinute, limitSettings.runs_per_minute);
  const chatkitOwn = limitSettings.chatkit_requests_per_minute;
  const chatkit = { ...ownRule('user', 'chatkit', config.chatkitRequestsPerMinute, chatkitOwn), each: true };
  const { websocket_messages_per_minute: webSocketOwn, memory_messages_per_minute: memoryOwn } = limitSettings;
  return {
    all: [
      rule('address', 'api', config.requestsPerMinuteByAddress),
      ownRule('tenant', 'tenant', config.requestsPerMinuteByTenant, limitSettings.requests_per_minute),
    ],
    run: [run, ...visitorRuns],
    session: visitors('session', SESSIONS_PER_MESSAGE),
    visitor: [rule('address', 'visitor', config.visitorsPerMinute)],
    remember: [ownRule('principal', 'remember', config.messagesPerMinute, memoryOwn)],
    websocket: [ownRule('user', 'websocket', config.webSocketMessagesPerMinute, webSocketOwn), run, ...visitorRuns],
    chatkit: [chatkit],
    'chatkit-run': [chatkit, run],
    login: [
      rule('address', 'login-address', loginsPerMinute, true),
      rule('account', 'login-account', loginsPerMinute, true),
    ],
    register: [
      rule('address', 'register-address', registrationsPerMinute, true),
      rule('account', 'register-account', registrationsPerMinute, true),
    ],
  };
}

/** Quotas that are known at the same time; each limiter of a name counts the same keys. */
const MOST_QUOTAS = 1_000;

function byQuota(make: (quota: number) => Limiter): (quota: number) => Limiter {
  const made = new Map<number, Limiter>();
  return (quota) => {
    const limiter = made.get(quota) ?? make(quota);
    if (made.size >= MOST_QUOTAS) made.clear();
    made.set(quota, limiter);
    return limiter;
  };
}

async function limiterFor(rule: Rule, tenant: Tenant | undefined): Promise<Limiter> {
  if (!rule.tenantsOwn || !tenant) return rule.limiter;
  const quota = await rule.tenantsOwn.quotaOf(tenant);
  return quota === null ? rule.limiter : rule.tenantsOwn.limiterOf(quota);
}

/** Counts addresses. Before anything that costs: who is over the limit does not reach a database. */
export function limitAddresses(app: App, limits: RateLimits): void {
  app.addHook('onRequest', (request, reply) => enforce(request, reply, limits, 'address'));
}

/** Counts tenants and users, and the accounts that a login or registration names: once these are known. */
export function limitSubjects(app: App, limits: RateLimits): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.principal) return;
    await enforce(request, reply, limits, 'tenant');
    await enforce(request, reply, limits, 'user');
  });
  app.addHook('preHandler', async (request, reply) => {
    await enforce(request, reply, limits, 'account');
    await enforce(request, reply, limits, 'principal');
    if (request.principal?.visitor) {
      await enforce(request, reply, limits, 'visitor');
      await enforce(request, reply, limits, 'visitor-address');
    }
    // What the body decides is known only now.
    const { limited, limit } = request.routeOptions.config;
    if (limited?.(request.body) && limit) await enforceRules(request, reply, limits[limit as 'run'], 'user');
  });
}

/**
 * Counts what no route says: what comes over a connection that stays open, as the same request over HTTP would be, by tenant,
 * and a message by user; a memory that comes in another form, by its credential. @throws ApiError ERR_LIMIT_001
 */
export async function countAct(limits: RateLimits, principal: Principal, act: Act): Promise<void> {
  for (const rule of rulesFor(limits, act)) {
    const { per } = rule;
    if (per === 'address' || per === 'account') continue;
    if ((per === 'visitor' || per === 'visitor-address') && !principal.visitor) continue;
    const limiter = await limiterFor(rule, principal.tenant);
    const verdict = await limiter.take(principalKey(principal, per, principal.origin?.address));
    if (!verdict.allowed) throw refusal(verdict, per);
  }
}

type Act = 'request' | 'message' | 'memory';

function rulesFor(limits: RateLimits, act: Act): readonly Rule[] {
  if (act === 'memory') return limits.remember;
  return act === 'message' ? [...limits.websocket, ...limits.all] : limits.all;
}

function principalKey(
  { tenant, userId, apiKeyId }: Principal,
  per: Exclude<Subject, 'address' | 'account'>,
  address: string | null | undefined,
): string {
  switch (per) {
    case 'tenant':
      return tenant.id;
    case 'user':
    case 'visitor':
      return userId;
    case 'principal':
      return apiKeyId ?? userId;
    case 'visitor-address':
      return `${tenant.id} ${addressKey(address ?? '') ?? 'local'}`;
  }
}

/** @throws ApiError ERR_LIMIT_001 */
async function enforce(request: FastifyRequest, reply: FastifyReply, limits: RateLimits, per: Subject): Promise<void> {
  const { limit: own, limited } = request.routeOptions.config;
  if (own === 'none') return;
  const rules = own === undefined || limited ? limits.all : [...limits.all, ...limits[own]];
  await enforceRules(request, reply, rules, per);
}

async function enforceRules(
  request: FastifyRequest,
  reply: FastifyReply,
  rules: readonly Rule[],
  per: Subject,
): Promise<void> {
  for (const rule of rules) {
    if (rule.per !== per) continue;
    const key = rule.each ? `${keyOf(request, per)} ${routeOf(request)}` : keyOf(request, per);
    const limiter = await limiterFor(rule, request.principal?.tenant);
    const verdict = await limiter.take(key, per === 'principal' ? entriesOf(request.body) : 1);
    tell(reply, verdict);
    if (!verdict.allowed) throw refusal(verdict, per);
  }
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? ''}`;
}

function keyOf(request: FastifyRequest, per: Subject): string {
  switch (per) {
    case 'address':
      return callerAddress(request);
    case 'account':
      return accountKey(request.body);
    default:
      return principalKey(request.principal, per, request.principal.origin?.address);
  }
}

/** A batch counts for as many as it holds. */
function entriesOf(body: unknown): number {
  const { messages } = (body ?? {}) as { messages?: unknown };
  return Array.isArray(messages) ? Math.max(1, messages.length) : 1;
}

/** As typed, but for case and spaces. Hashed, so that Redis holds no e-mail addresses. */
function accountKey(body: unknown): string {
  const { email, username } = (body ?? {}) as { email?: unknown; username?: unknown };
  const name = String(email ?? username ?? '')
    .normalize('NFKC')
    .trim()
    .toLowerCase();
  return createHash('sha256').update(name).digest('base64url');
}

/** Adds to what earlier limits of the same request have said. */
function tell(reply: FastifyReply, verdict: Verdict): void {
  for (const [name, item] of Object.entries(rateLimitHeaders([verdict]))) {
    const before = reply.getHeader(name);
    reply.header(name, before === undefined ? item : `${before}, ${item}`);
  }
}

const WHOSE: Record<Subject, string> = {
  address: 'from this address',
  account: 'for this account',
  tenant: 'in this tenant',
  user: 'by this user',
  principal: 'by this credential',
  visitor: 'by this visitor',
  'visitor-address': 'by visitors from this address',
};

function refusal(verdict: Verdict, per: Subject) {
  const { name, quota, windowSeconds } = verdict.limit;
  const seconds = secondsUntilReset(verdict);
  return limitErrors.exceeded(
    `More than ${quota} requests in ${windowSeconds} seconds ${WHOSE[per]}. Try again in ${seconds} seconds.`,
    // The member's name is the draft's, for its problem type quota-exceeded.
    { headers: { 'retry-after': String(seconds) }, extensions: { 'violated-policies': [name] } },
  );
}
