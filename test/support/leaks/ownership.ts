import { insertMembership } from '../../../src/features/identity/identity.store.ts';
import { newId } from '../../../src/platform/id.ts';
import { PLAIN_RESULT } from '../plain-analysis.ts';
import { MARKS, type World } from './world.ts';

/**
 * Whose the things behind a parameter are:
 * - `user`: one user's own. Others of the tenant get 403, whatever their role; other tenants 404.
 * - `author`: the tenant reads it, its author and the tenant's admins change it. Others get 403, other tenants 404.
 * - `tenant`: whoever has the route's role in the tenant. Other tenants get 404.
 * - `nobody`: it names nothing that is anybody's, such as a model.
 * - `installation`: an operator's. The route's access refuses everybody else.
 */
export type Whose = 'user' | 'author' | 'tenant' | 'nobody' | 'installation';

export type OwnershipClass = {
  /** How the patterns of its routes begin. */
  path: string;
  whose: Whose;
  /** Makes one that is `maker`'s, and gives the values of the parameters that lead to it. */
  make(world: World): Promise<Record<string, string>>;
};

type Made = { id: string };

const text = `${MARKS.content} ${MARKS.secret}`;

export const newSession = (world: World): Promise<Made> => world.post<Made>('maker', '/v1/sessions', { title: text });

export async function newRun(world: World): Promise<Made> {
  const { id } = await newSession(world);
  return world.post<Made>('maker', `/v1/sessions/${id}/runs`, { input: text });
}

export async function newDocument(world: World): Promise<Made> {
  const body = { title: MARKS.content, content: `${MARKS.content} ${newId()}`, metadata: {} };
  return world.post<Made>('maker', '/v1/documents', body);
}

async function newChunk(world: World): Promise<Made> {
  const { id: document_id } = await newDocument(world);
  const id = newId();
  await world.inTenant(async (trx) => {
    await trx.updateTable('document').set({ status: 'ready' }).where('id', '=', document_id).execute();
    const place = { index: 0, start_offset: 0, end_offset: 8, page_start: null, page_end: null, heading_path: [] };
    const chunk = { id, document_id, ...place, text: MARKS.content, content_hash: Buffer.alloc(32), word_count: 1 };
    await trx.insertInto('chunk').values(chunk).execute();
  });
  return { id };
}

async function newSource(world: World): Promise<Made> {
  const id = newId();
  const source = {
    id,
    kind: 'folder',
    name: MARKS.content,
    location: `/${id}`,
    created_by: world.userIds.maker,
  } as const;
  await world.inTenant((trx) => trx.insertInto('source').values(source).execute());
  return { id };
}

const newRepository = (world: World): Promise<Made> =>
  world.post<Made>('maker', '/v1/repositories', {
    url: `https://git.example/${MARKS.content}.git`,
    description: MARKS.content,
    // The whole tenant reads a repository, and nobody its token.
    access_token: MARKS.secret,
  });

async function newWaitingAnalysis(world: World): Promise<Made> {
  const { id: repository_id } = await newRepository(world);
  return world.post<Made>('maker', '/v1/analyses', { repository_id });
}

async function newAnalysis(world: World): Promise<Made> {
  const { id } = await newWaitingAnalysis(world);
  const result = JSON.stringify(PLAIN_RESULT);
  await world.inTenant((trx) =>
    trx.updateTable('analysis').set({ status: 'completed', result }).where('id', '=', id).execute(),
  );
  return { id };
}

async function newFinding(world: World): Promise<Made> {
  const { id: analysis_id } = await newAnalysis(world);
  const id = newId();
  const place = {
    path: MARKS.content,
    line: 1,
    message: MARKS.content,
    evidence: MARKS.content,
    fix: '',
    verify: null,
  };
  const kind = { rule: 'secrets/private-key', severity: 'high', category: 'security', fingerprint: id } as const;
  await world.inTenant((trx) =>
    trx
      .insertInto('finding')
      .values({ id, analysis_id, number: 0, ...kind, ...place })
      .execute(),
  );
  return { id };
}

async function newConversation(world: World): Promise<{ id: string; item_id: string }> {
  const item = { type: 'message', role: 'user', content: text };
  const { id } = await world.post<Made>('maker', '/v1/conversations', { items: [item] });
  const items = await world.get<{ data: Made[] }>('maker', `/v1/conversations/${id}/items`);
  return { id, item_id: items.data[0]?.id ?? '' };
}

/** A question of a session, that nobody answers. */
async function newQuestion(world: World): Promise<{ id: string; message_id: string }> {
  const { id } = await newSession(world);
  const message_id = newId();
  await world.inTenant((trx) =>
    trx
      .insertInto('message')
      .values({
        id: message_id,
        session_id: id,
        role: 'user',
        parts: JSON.stringify([{ type: 'text', text }]),
        status: 'complete',
      })
      .execute(),
  );
  return { id, message_id };
}

export const newResponse = (world: World): Promise<Made> =>
  world.post<Made>('maker', '/v1/responses', { input: text, model: 'extractive' });

const newChatkitAttachment = async (world: World): Promise<Made> => {
  const params = { name: 'notes.txt', size: 10, mime_type: 'text/plain' };
  return world.post<Made>('maker', '/v1/chatkit', { type: 'attachments.create', params });
};

export const newMemory = (world: World, more: object = {}): Promise<Made> =>
  world.post<Made>('maker', '/v1/messages', { role: 'user', content: `${text} ${newId()}`, ...more });

async function newRemembered(world: World): Promise<Made> {
  const id = newId();
  await newMemory(world, { conversation_id: id });
  return { id };
}

// Nothing listens there: to ask it what it offers is answered with 502.
const newMcpServer = (world: World): Promise<Made> =>
  world.post<Made>('owner', '/v1/mcp-servers', { name: `s${newId().slice(-12)}`, url: 'http://127.0.0.1:9/mcp' });
/** An archive that is there to be fetched. */
async function newExport(world: World): Promise<Made> {
  const made = await world.post<Made>('owner', '/v1/tenants/current/exports', {});
  await world.services.database.execute(`UPDATE platform.tenant_export SET status = 'ready' WHERE id = '${made.id}'`);
  return made;
}

const newTenant = (world: World): Promise<Made> =>
  world.post<Made>('operator', '/v1/admin/tenants', { name: 'Doomed' });

/** For one key, of which there are many: a tenant has one budget of each sort. */
async function newBudget(world: World): Promise<Made> {
  const { id: subject_id } = await world.post<Made>('owner', '/v1/api-keys', { name: 'budgeted', scopes: ['read'] });
  return world.post<Made>('owner', '/v1/budgets', { scope: 'key', subject_id, period: 'day', limit_usd: 1 });
}

async function newGivenBudget({ services, tenant }: World): Promise<Record<string, string>> {
  const budget = {
    scope: 'tenant',
    period: 'day',
    amount: 1,
    hard: true,
    set_by: 'operator',
    subject_id: null,
  } as const;
  await services.database.db
    .insertInto('platform.budget')
    .values({ ...budget, id: newId(), tenant_id: tenant.id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { id: tenant.id, period: 'day' };
}

/** Another login of `maker`'s. */
async function newLogin(world: World): Promise<Made> {
  const credential = { email: `${MARKS.identity}-maker@${MARKS.identity}.example`, password: 'correct horse battery' };
  await world.post('nobody', '/v1/auth/login', { ...credential, tenant: world.tenant.slug });
  const { data } = await world.get<{ data: { id: string; current: boolean }[] }>('maker', '/v1/auth/logins?limit=100');
  return data.filter(({ current }) => !current).at(-1) as Made;
}

async function newMember(world: World): Promise<Made> {
  const account = { email: `${newId()}@example.com`, password: 'correct horse battery' };
  const { user } = await world.post<{ user: Made }>('nobody', '/v1/auth/register', account);
  const membership = { tenant_id: world.tenant.id, user_id: user.id, role: 'viewer' } as const;
  await world.services.database.transaction((trx) => insertMembership(trx, membership));
  return user;
}

const RETENTION_RULE = { name: 'matrix', rule_type: 'age', action: 'archive', enabled: false };

/** Every route with a parameter is in the class with the longest `path` that it begins with. A new one needs a line here. */
export const OWNERSHIP: readonly OwnershipClass[] = [
  {
    path: '/v1/api-keys/:id',
    whose: 'author',
    make: (world) => world.post<Made>('maker', '/v1/api-keys', { name: text, scopes: ['read'] }),
  },
  {
    path: '/v1/api-keys/:id/rotate',
    whose: 'user',
    make: (world) => world.post<Made>('maker', '/v1/api-keys', { name: text, scopes: ['read'] }),
  },
  { path: '/v1/auth/logins/:id', whose: 'user', make: newLogin },
  { path: '/v1/users/:id', whose: 'tenant', make: newMember },
  { path: '/v1/admin/users/:id', whose: 'installation', make: newMember },
  {
    path: '/v1/invitations/:id',
    whose: 'tenant',
    make: (world) => world.post<Made>('admin', '/v1/invitations', { email: `${newId()}@example.com` }),
  },
  {
    path: '/v1/service-accounts/:id',
    whose: 'tenant',
    make: (world) => world.post<Made>('admin', '/v1/service-accounts', { name: MARKS.content }),
  },
  { path: '/v1/documents/:id', whose: 'author', make: newDocument },
  { path: '/v1/chunks/:id', whose: 'tenant', make: newChunk },
  { path: '/v1/sources/:id', whose: 'tenant', make: newSource },
  { path: '/v1/repositories/:id', whose: 'author', make: newRepository },
  { path: '/v1/analyses/:id', whose: 'author', make: newAnalysis },
  // It ends nothing that has ended: each is tried with one that waits.
  { path: '/v1/analyses/:id/cancel', whose: 'author', make: newWaitingAnalysis },
  { path: '/v1/findings/:id', whose: 'tenant', make: newFinding },
  { path: '/v1/sessions/:id', whose: 'user', make: newSession },
  { path: '/v1/sessions/:id/messages/:message_id', whose: 'user', make: newQuestion },
  { path: '/v1/runs/:id', whose: 'user', make: newRun },
  { path: '/v1/conversations/:id', whose: 'user', make: newConversation },
  { path: '/v1/responses/:id', whose: 'user', make: newResponse },
  { path: '/v1/messages/:id', whose: 'user', make: newMemory },
  { path: '/v1/budgets/:id', whose: 'tenant', make: newBudget },
  { path: '/v1/admin/tenants/:id/budgets', whose: 'installation', make: newGivenBudget },
  {
    path: '/v1/chatkit/sessions/:id',
    whose: 'user',
    make: async (world) => {
      const { id } = await newSession(world);
      return { id, thread_id: id };
    },
  },
  { path: '/v1/chatkit/attachments/:id', whose: 'user', make: newChatkitAttachment },
  // Everybody has a space of their own, in which they name conversations as they like.
  { path: '/v1/memory/conversations/:id', whose: 'nobody', make: newRemembered },
  {
    path: '/v1/memory/facts/:id',
    whose: 'user',
    make: (world) => world.post<Made>('maker', '/v1/memory/facts', { attribute: `a${newId().slice(-6)}`, value: text }),
  },
  { path: '/v1/mcp-servers/:id', whose: 'tenant', make: newMcpServer },
  { path: '/v1/ai-sdk/chat/:id', whose: 'user', make: newRun },
  {
    path: '/v1/retention/rules/:id',
    whose: 'tenant',
    make: (world) => world.post<Made>('admin', '/v1/retention/rules', RETENTION_RULE),
  },
  {
    path: '/v1/retention/runs/:id',
    whose: 'tenant',
    make: (world) => world.post<Made>('admin', '/v1/retention/runs', { dry_run: true }),
  },
  {
    path: '/v1/forgetting/:id',
    whose: 'user',
    make: async (world) =>
      world.post<Made>('maker', '/v1/forgetting', { kind: 'session', id: (await newSession(world)).id }),
  },
  { path: '/v1/tenants/current/exports/:id', whose: 'tenant', make: newExport },
  { path: '/v1/admin/tenants/:id', whose: 'installation', make: newTenant },
  // Reports are made on the command line alone: there is none here.
  {
    path: '/v1/admin/readiness/:report_id',
    whose: 'nobody',
    make: async () => ({ report_id: 'latest' }),
  },
  // Everybody has their own.
  {
    path: '/v1/auth/external-identities/:provider',
    whose: 'nobody',
    make: async () => ({ provider: 'google' }),
  },
  // Each tenant has a place for a key of its own at every provider.
  {
    path: '/v1/tenants/current/provider-keys/:provider',
    whose: 'nobody',
    make: async (world) => {
      await world.services.tenancy.providerKeys.set(world.tenant, 'openai', `sk-${MARKS.secret}`, null);
      return { provider: 'openai' };
    },
  },
  { path: '/v1/models/:id', whose: 'nobody', make: async () => ({ id: 'extractive' }) },
  { path: '/v1/models/*', whose: 'nobody', make: async () => ({ '*': 'x/extractive' }) },
];

export function classOf(url: string): OwnershipClass | undefined {
  const fitting = OWNERSHIP.filter(({ path }) => url === path || url.startsWith(`${path}/`));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0];
}

/** Bodies of routes that have no example in src/app/api-examples.ts, because another product describes them, or whose
 * example is not for everybody. */
export const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/admin/tenants': { name: 'Made' },
  'PATCH /v1/tenants/current/settings': { 'no.setting': true },
  'POST /v1/api-keys': { name: 'reads', scopes: ['read'] },
  // What would end the logins that the matrix is tried with.
  'PUT /v1/tenants/current/second-factor': { required: false },
  'POST /v1/auth/change-password': {
    current_password: 'correct horse battery',
    new_password: 'correct horse battery',
  },
  'POST /v1/sessions/:id/runs': { input: 'hello' },
  'POST /v1/retention/rules': RETENTION_RULE,
  // A real one would wait for a job, and delete what the other requests are about.
  'POST /v1/retention/runs': { dry_run: true },
  'POST /v1/retention/execute': { dry_run: true },
  'POST /v1/admin/retention/run': { dry_run: true },
  'POST /v1/forgetting': { kind: 'subject', subject: 'nobody', dry_run: true },
  'PUT /v1/messages/:id': { content: 'hello' },
  'POST /v1/chat/completions': { model: 'extractive', messages: [{ role: 'user', content: 'hello' }] },
  'POST /v1/responses': { model: 'extractive', input: 'hello' },
  'POST /v1/conversations': { metadata: {} },
  'POST /v1/conversations/:id': { metadata: {} },
  'POST /v1/conversations/:id/items': { items: [{ type: 'message', role: 'user', content: 'hello' }] },
  'POST /v1/chatkit': { type: 'threads.list', params: {} },
  'POST /v1/ai-sdk/chat': { messages: [{ role: 'user', parts: [{ type: 'text', text: 'hello' }] }] },
  'POST /mcp': { jsonrpc: '2.0', id: 1, method: 'ping' },
  'POST /v1/embeddings': { model: 'none', input: 'hello' },
};

const FUNCTION_MESSAGES = [
  { role: 'user', content: 'hello' },
  { role: 'assistant', tool_calls: [{ id: 'call_1', function: { name: 'f', arguments: '{}' } }] },
  { role: 'tool', tool_call_id: 'call_1', content: 'done' },
];
const FUNCTION_ITEMS = [
  { role: 'user', content: 'hello' },
  { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
  { type: 'function_call_output', call_id: 'call_1', output: 'done' },
];

/** Routes that want a person: an API key gets 403, whatever its scopes. */
export const NOT_BY_KEY: ReadonlySet<string> = new Set([
  'POST /v1/api-keys',
  'DELETE /v1/api-keys/:id',
  'POST /v1/api-keys/:id/rotate',
  'PATCH /v1/auth/me',
  'POST /v1/auth/change-password',
  'POST /v1/auth/verify-email/send',
  'POST /v1/auth/change-email',
  'DELETE /v1/auth/external-identities/:provider',
  'DELETE /v1/auth/logins',
  'DELETE /v1/auth/logins/:id',
  'POST /v1/auth/switch-tenant',
  'POST /v1/auth/second-factor',
  'POST /v1/auth/second-factor/confirm',
  'POST /v1/auth/second-factor/recovery-codes',
  'POST /v1/auth/second-factor/remove',
  'POST /v1/invitations/accept',
  'POST /v1/tenants/current/leave',
]);

/** Routes whose example holds a proof that nobody here can give, such as a code or the token of a mail: 422 is no leak. */
export const WRONG_PROOF: ReadonlySet<string> = new Set([
  'POST /v1/auth/second-factor/confirm',
  'POST /v1/invitations/accept',
  'POST /v1/tenants/current/leave',
]);

/** Routes whose example names something within what is `maker`'s that is not there: for its owner, too, that is 404. */
export const MISSES_WITHIN: ReadonlySet<string> = new Set([
  'POST /v1/sessions/:id/feedback',
  'POST /v1/runs/:id/tool-outputs',
  'POST /v1/runs/:id/tool-approvals',
  // No embedding model is configured.
  'POST /v1/embeddings/indexes/serve',
  // Its tenant is not deleted.
  'GET /v1/admin/tenants/:id/receipt',
  'HEAD /v1/admin/tenants/:id/receipt',
]);

/** Routes that would end the world; what their example confirms is another's name, so that they answer 422. Their own tests
 * are in src/features/tenancy/tenancy.routes.test.ts. */
export const UNCONFIRMED: ReadonlySet<string> = new Set([
  'POST /v1/tenants/current/delete',
  // So far operators alone set what there is to set.
  'PATCH /v1/tenants/current/settings',
  'POST /v1/admin/tenants/:id/delete',
]);

/** A place in a body or query where a request may name somebody's thing. */
export type Reference = Filled | 'of-the-address';

export type Filled = {
  /** `whose` of what is named, and one that is `maker`'s. `nothing`: naming a foreign one finds nothing, and says so by 2xx. */
  whose: 'user' | 'tenant' | 'nothing';
  /** The values to set at the place, and what else the body needs. */
  fill(world: World): Promise<{ body?: object; query?: Record<string, string> }>;
};

function placeOf(method: 'GET' | 'POST'): 'query' | 'body' {
  return method === 'GET' ? 'query' : 'body';
}

/** A search of memory that names a place of somebody's. */
function recallIn(
  method: 'GET' | 'POST',
  name: string,
  make: (world: World) => Promise<{ readonly id: string }>,
): Filled {
  return nothing(async (world) => ({ [placeOf(method)]: { query: 'hello', [name]: (await make(world)).id } }));
}

/** Every place whose name says that it holds an id, by route and path. A new one needs a line here. */
export const REFERENCES: Readonly<Record<string, Reference>> = Object.fromEntries([
  // Filters of a search find among the tenant's own documents; whatever else they name is found by nobody.
  ...filters('POST /v1/search', 'body.filter', (filter) => ({ query: MARKS.content, filter })),
  ...filters('POST /v1/sessions/:id/runs', 'body.retrieval.filter', (filter) => ({
    input: 'hello',
    retrieval: { filter },
  })),
  ...filters('POST /v1/sessions/:id/messages/:message_id/edit', 'body.retrieval.filter', (filter) => ({
    input: 'hello',
    retrieval: { filter },
  })),
  ...filters('POST /v1/sessions/:id/messages/:message_id/regenerate', 'body.retrieval.filter', (filter) => ({
    retrieval: { filter },
  })),
  ...filters('POST /v1/chat/completions', 'body.retrieval.filter', (filter) => ({
    ...BODIES['POST /v1/chat/completions'],
    retrieval: { filter },
  })),
  ...filters('POST /v1/responses', 'body.retrieval.filter', (filter) => ({
    ...BODIES['POST /v1/responses'],
    retrieval: { filter },
  })),
  ...filters('POST /v1/ai-sdk/chat', 'body.retrieval.filter', (filter) => ({
    ...BODIES['POST /v1/ai-sdk/chat'],
    retrieval: { filter },
  })),
  // Calls of functions, and messages that a client keeps, have names of the client's own.
  ...['tool_call_id', 'tool_calls.id'].map((place): [string, Reference] => [
    `POST /v1/chat/completions body.messages.${place}`,
    nothing(async () => ({ body: { model: 'extractive', messages: FUNCTION_MESSAGES } })),
  ]),
  [
    'POST /v1/responses body.input.call_id',
    nothing(async () => ({ body: { model: 'extractive', input: FUNCTION_ITEMS } })),
  ],
  ...['POST /v1/conversations', 'POST /v1/conversations/:id/items'].map((route): [string, Reference] => [
    `${route} body.items.call_id`,
    'of-the-address',
  ]),
  [
    'POST /v1/ai-sdk/chat body.messages.id',
    nothing(async () => ({
      body: { messages: [{ id: '1', role: 'user', parts: [{ type: 'text', text: 'hello' }] }] },
    })),
  ],
  [
    'POST /v1/ai-sdk/chat body.id',
    {
      whose: 'user',
      fill: async (world) => ({ body: { ...BODIES['POST /v1/ai-sdk/chat'], id: (await newSession(world)).id } }),
    },
  ],
  [
    'GET /v1/documents query.source_id',
    nothing(async (world) => ({ query: { source_id: (await newSource(world)).id } })),
  ],
  [
    'GET /v1/analyses query.repository_id',
    nothing(async (world) => ({ query: { repository_id: (await newRepository(world)).id } })),
  ],
  [
    'POST /v1/analyses body.repository_id',
    { whose: 'tenant', fill: async (world) => ({ body: { repository_id: (await newRepository(world)).id } }) },
  ],
  ...['', '/export'].flatMap((path): [string, Reference][] => [
    [`GET /v1/admin/audit${path} query.actor_id`, auditOf('actor_id')],
    [`GET /v1/admin/audit${path} query.target_id`, auditOf('target_id')],
    [`GET /v1/admin/audit/installation${path} query.actor_id`, auditOf('actor_id')],
    [`GET /v1/admin/audit/installation${path} query.target_id`, auditOf('target_id')],
    [
      `GET /v1/admin/audit/installation${path} query.tenant_id`,
      nothing(async ({ tenant }) => ({ query: { tenant_id: tenant.id } })),
    ],
  ]),
  ['POST /v1/messages body.session_id', memoryIn('session_id', 'user', newSession)],
  ['POST /v1/messages body.conversation_id', memoryIn('conversation_id', 'nothing', newRemembered)],
  ['POST /v1/messages body.tenant_id', memoryIn('tenant_id', 'tenant', async ({ tenant }) => tenant)],
  [
    'POST /v1/messages/batch body.tenant_id',
    {
      whose: 'tenant',
      fill: async ({ tenant }) => ({ body: { messages: [{ role: 'user', content: 'hello' }], tenant_id: tenant.id } }),
    },
  ],
  [
    'GET /v1/messages query.session_id',
    nothing(async (world) => ({ query: { session_id: (await newSession(world)).id } })),
  ],
  [
    'GET /v1/messages query.conversation_id',
    nothing(async (world) => ({ query: { conversation_id: (await newRemembered(world)).id } })),
  ],
  [
    'POST /v1/messages/batch/update body.updates.message_id',
    nothing(async (world) => ({
      body: { updates: [{ message_id: (await newMemory(world)).id, update: { content: 'hello' } }] },
    })),
  ],
  [
    'POST /v1/messages/batch/delete body.message_ids',
    nothing(async (world) => ({ body: { message_ids: [(await newMemory(world)).id] } })),
  ],
  ...(['GET', 'POST'] as const).flatMap((method): [string, Reference][] => [
    [`${method} /v1/memory/search ${placeOf(method)}.session_id`, recallIn(method, 'session_id', newSession)],
    [
      `${method} /v1/memory/search ${placeOf(method)}.conversation_id`,
      recallIn(method, 'conversation_id', newRemembered),
    ],
    [
      `${method} /v1/memory/search ${placeOf(method)}.tenant_id`,
      { ...recallIn(method, 'tenant_id', async ({ tenant }) => tenant), whose: 'tenant' },
    ],
  ]),
  // Whoever is no admin finds nothing but their own.
  ['GET /v1/usage query.user_id', nothing(async ({ userIds }) => ({ query: { user_id: userIds.maker } }))],
  ['GET /v1/usage query.api_key_id', nothing(async () => ({ query: { api_key_id: newId() } }))],
  [
    'POST /v1/budgets body.subject_id',
    {
      whose: 'tenant',
      fill: async ({ userIds }) => ({
        body: { scope: 'user', subject_id: userIds.maker, period: 'day', limit_usd: 1 },
      }),
    },
  ],
  [
    'POST /v1/forgetting body.id',
    {
      whose: 'user',
      fill: async (world) => ({ body: { kind: 'session', id: (await newSession(world)).id, dry_run: true } }),
    },
  ],
  // Messages are looked for in the session of the address.
  ['PATCH /v1/sessions/:id body.current_message_id', 'of-the-address'],
  ['POST /v1/sessions/:id/feedback body.message_ids', 'of-the-address'],
  // Sixteen operations at one address: each is tried with others' threads, items and files in test/acceptance/chatkit.test.ts.
  ...[
    'thread_id',
    'item_id',
    'item_ids',
    'attachment_id',
    'input.content.id',
    'input.inference_options.tool_choice.id',
  ].map((place): [string, Reference] => [`POST /v1/chatkit body.params.${place}`, 'of-the-address']),
  // Of a connection: both are tried in src/protocols/websocket/memory-connection.test.ts.
  ...['tenant_id', 'conversation_id'].map((name): [string, Reference] => [
    `GET /v1/ws/memory query.${name}`,
    'of-the-address',
  ]),
  // A call's id is looked for among those of the run in the address, which is tried as such.
  ['POST /v1/runs/:id/tool-outputs body.tool_outputs.tool_call_id', 'of-the-address'],
  ['POST /v1/runs/:id/tool-approvals body.decisions.tool_call_id', 'of-the-address'],
  ['POST /v1/responses body.previous_response_id', ofUser((world) => newResponse(world), 'previous_response_id')],
  ['POST /v1/responses body.conversation', ofUser(newConversation, 'conversation')],
  [
    'POST /v1/responses body.conversation.id',
    ofUser(async (world) => ({ id: { id: (await newConversation(world)).id } }), 'conversation'),
  ],
]);

function nothing(fill: Filled['fill']): Filled {
  return { whose: 'nothing', fill };
}

function auditOf(field: string): Filled {
  return nothing(async ({ userIds }) => ({ query: { [field]: userIds.owner } }));
}

function memoryIn(field: string, whose: Filled['whose'], make: (world: World) => Promise<Made>): Filled {
  const fill = async (world: World) => ({
    body: { role: 'user', content: 'hello', [field]: (await make(world)).id },
  });
  return { whose, fill };
}

function filters(route: string, path: string, body: (filter: object) => object): [string, Filled][] {
  return [
    [
      `${route} ${path}.document_ids`,
      nothing(async (world) => ({ body: body({ document_ids: [(await newDocument(world)).id] }) })),
    ],
    [
      `${route} ${path}.source_ids`,
      nothing(async (world) => ({ body: body({ source_ids: [(await newSource(world)).id] }) })),
    ],
  ];
}

function ofUser(make: (world: World) => Promise<{ id: unknown }>, field: string): Filled {
  const fill = async (world: World) => ({
    body: { ...BODIES['POST /v1/responses'], [field]: (await make(world)).id },
  });
  return { whose: 'user', fill };
}
