import { scriptedModel } from '../../../src/ai/fakes.ts';
import type { ModelRegistry } from '../../../src/ai/model-registry.ts';
import { insertMembership } from '../../../src/features/identity/identity.store.ts';
import { inTenant, type Tenant } from '../../../src/features/tenancy/index.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import type { MembershipRole } from '../../../src/platform/database/schema.ts';
import { openApp, type TestApp } from '../app.ts';
import { RAISED_LIMITS } from '../raised-limits.ts';

/** Words by which an answer betrays whose it is. */
export const MARKS = {
  /** In names, e-mail addresses and the slug of the tenant. */
  identity: 'quartz',
  /** In whatever the tenant's users wrote or uploaded. */
  content: 'sapphire',
  /** In what is one member's own. */
  secret: 'topaz',
} as const;

/** Who asks. `maker` is the member whose things are asked for; `visitor` has no account; all to `owner` are in the same
 * tenant. */
export const ACTORS = [
  'nobody',
  'expired',
  'refresh-token',
  'garbage',
  'visitor',
  'read-only-key',
  'viewer',
  'other-member',
  'admin',
  'owner',
  'maker',
  'stranger',
  'operator',
] as const;
export type Actor = (typeof ACTORS)[number];

type Headers = Record<string, string>;
type Login = { access_token: string; refresh_token: string };

/** An installation with two tenants: in one, somebody in every role; in the other, a stranger who owns it. */
export type World = AsyncDisposable & {
  readonly app: TestApp['app'];
  readonly services: TestApp['services'];
  readonly tenant: Tenant;
  /** The credential of each. */
  readonly headers: Readonly<Record<Actor, Headers>>;
  readonly userIds: Readonly<Record<'maker' | 'owner' | 'stranger', string>>;
  /** Sends as somebody and expects success. */
  post<Answer>(actor: Actor, url: string, payload: object): Promise<Answer>;
  get<Answer>(actor: Actor, url: string): Promise<Answer>;
  /** SQL in the tenant, for what no route makes. */
  inTenant<T>(work: Parameters<typeof inTenant<T>>[2]): Promise<T>;
};

/** One model, whatever is asked for, that says one word at once. */
function quickModels(): ModelRegistry {
  const model = scriptedModel(['hello'], { id: 'extractive' });
  return { resolve: () => model, list: () => [{ id: model.id, provider: model.id }], embedder: null };
}

const PASSWORD = 'correct horse battery';

export async function openWorld(database: Database): Promise<World> {
  let behind = 0;
  const clock = { now: () => new Date(Date.now() - behind) };
  const opened = await openApp(
    database,
    { ...RAISED_LIMITS, DEFAULT_MODEL: 'extractive' },
    { clock, models: quickModels() },
  );
  const { app, services } = opened;

  const send = async <Answer>(method: 'GET' | 'POST', url: string, headers: Headers, payload?: object) => {
    const response = await app.inject({ method, url, headers, ...(payload && { payload }) });
    if (response.statusCode >= 300)
      throw new Error(`${method} ${url} answered ${response.statusCode}: ${response.body}`);
    return response.json<Answer>();
  };
  const register = (name: string, domain: string) =>
    send<{ user: { id: string }; tenant: Tenant }>(
      'POST',
      '/v1/auth/register',
      {},
      {
        email: `${name}@${domain}`,
        password: PASSWORD,
        full_name: `${name} of ${domain}`,
      },
    );
  const login = (email: string, tenant: string) =>
    send<Login>('POST', '/v1/auth/login', {}, { email, password: PASSWORD, tenant });
  const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

  const operator = await register('operator', 'installation.example');
  const stranger = await register('stranger', 'elsewhere.example');
  const domain = `${MARKS.identity}.example`;
  const owner = await register(`${MARKS.identity}-owner`, domain);
  const join = async (name: string, role: MembershipRole) => {
    const { user } = await register(`${MARKS.identity}-${name}`, domain);
    const membership = { tenant_id: owner.tenant.id, user_id: user.id, role };
    await database.transaction((trx) => insertMembership(trx, membership));
    return user.id;
  };
  const makerId = await join('maker', 'member');
  await join('other', 'member');
  await join('admin', 'admin');
  await join('viewer', 'viewer');
  const own = (name: string) => login(`${MARKS.identity}-${name}@${domain}`, owner.tenant.slug);

  behind = 60 * 60 * 1000;
  const expired = await own('maker');
  behind = 0;
  const [maker, other, admin, viewer, theOwner] = await Promise.all(
    ['maker', 'other', 'admin', 'viewer', 'owner'].map(own),
  );
  const makerLogin = maker as Login;
  const key = await send<{ key: string }>('POST', '/v1/api-keys', bearer((other as Login).access_token), {
    name: 'reads',
    scopes: ['read'],
  });
  const allowed = { 'visitors.allowed': true };
  await services.tenancy.settings.change(owner.tenant, allowed, { userId: null, as: 'admin' });
  const visitor = await send<{ access_token: string }>('POST', '/v1/visitors', {}, { tenant: owner.tenant.slug });
  const headers: Record<Actor, Headers> = {
    nobody: {},
    expired: bearer(expired.access_token),
    'refresh-token': bearer(makerLogin.refresh_token),
    garbage: bearer('garbage'),
    visitor: bearer(visitor.access_token),
    'read-only-key': { 'x-api-key': key.key },
    viewer: bearer((viewer as Login).access_token),
    'other-member': bearer((other as Login).access_token),
    admin: bearer((admin as Login).access_token),
    owner: bearer((theOwner as Login).access_token),
    maker: bearer(makerLogin.access_token),
    stranger: bearer((await login('stranger@elsewhere.example', stranger.tenant.slug)).access_token),
    operator: bearer((await login('operator@installation.example', operator.tenant.slug)).access_token),
  };
  const world: World = {
    app,
    services,
    tenant: owner.tenant,
    headers,
    userIds: { maker: makerId, owner: owner.user.id, stranger: stranger.user.id },
    post: (actor, url, payload) => send('POST', url, headers[actor], payload),
    get: (actor, url) => send('GET', url, headers[actor]),
    inTenant: (work) => inTenant(database, owner.tenant, work),
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
  };
  await furnish(world);
  return world;
}

/** Something of every kind, so that lists have what they must not show. */
async function furnish(world: World): Promise<void> {
  const text = `${MARKS.content} ${MARKS.secret}`;
  const session = await world.post<{ id: string }>('maker', '/v1/sessions', { title: text });
  await world.post('maker', `/v1/sessions/${session.id}/runs`, { input: text });
  await world.post('maker', '/v1/documents', { title: MARKS.content, content: MARKS.content, metadata: {} });
  await world.post('maker', '/v1/api-keys', { name: text, scopes: ['read'] });
}
