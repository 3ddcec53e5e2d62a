/** What the reference shows as an example of each request's body. A test holds every one against its route's schema. */
const id = '01890a5d-ac96-774b-bcce-b302099a8057';

export const requestExamples: Readonly<Record<string, unknown>> = {
  'POST /v1/auth/register': { email: 'ada@example.com', password: 'correct horse battery', full_name: 'Ada Lovelace' },
  'POST /v1/auth/login': { email: 'ada@example.com', password: 'correct horse battery', remember_me: true },
  'POST /v1/auth/refresh': { refresh_token: 'prt_…' },
  'POST /v1/auth/logout': { refresh_token: 'prt_…' },
  'PATCH /v1/auth/me': { full_name: 'Ada Lovelace', username: 'ada' },
  'POST /v1/auth/forgot-password': { email: 'ada@example.com' },
  'POST /v1/auth/reset-password': { token: 'pot_…', password: 'another horse battery' },
  'POST /v1/auth/change-password': { current_password: 'correct horse battery', new_password: 'another horse battery' },
  'POST /v1/auth/change-email': { email: 'ada@analytical.example', password: 'correct horse battery' },
  'POST /v1/auth/verify-email': { token: 'pot_…' },
  'POST /v1/auth/switch-tenant': { tenant: 'acme' },
  'POST /v1/auth/login/second-factor': { challenge: 'pot_…', code: '123456' },
  'POST /v1/auth/login/second-factor/enrolment': { challenge: 'pot_…' },
  'POST /v1/auth/second-factor': { password: 'correct horse battery' },
  'POST /v1/auth/second-factor/confirm': { code: '123456' },
  'POST /v1/auth/second-factor/recovery-codes': { code: '123456' },
  'POST /v1/auth/second-factor/remove': { code: '7ahk-m2xe-9qpd-wz4t' },
  'PUT /v1/tenants/current/second-factor': { required: true },
  'POST /v1/auth/oauth/start': { provider: 'google', remember_me: true },
  'POST /v1/auth/oauth/callback': { provider: 'google', state: 'pot_…', browser_token: 'pot_…', code: '4/0AX…' },
  'POST /v1/tenants/current/leave': { tenant: 'acme' },
  'PATCH /v1/users/:id': { role: 'admin' },
  'PATCH /v1/admin/users/:id': { is_active: false },
  'POST /v1/invitations': { email: 'grace@example.com', role: 'member' },
  'POST /v1/invitations/accept': { token: 'pot_…' },
  'POST /v1/auth/invitations/look': { token: 'pot_…' },
  'POST /v1/auth/invitations/accept': { token: 'pot_…', password: 'correct horse battery', full_name: 'Grace Hopper' },
  'POST /v1/service-accounts': { name: 'nightly import', role: 'member' },
  'POST /v1/service-accounts/:id/api-keys': { name: 'import server', scopes: ['read', 'write'] },
  'POST /v1/api-keys/:id/rotate': { overlap_minutes: 1440 },
  'POST /v1/admin/signing-keys/rotate': { overlap_minutes: 30 },
  'PATCH /v1/tenants/current/settings': { 'usage.unpriced': false },
  'PUT /v1/tenants/current/provider-keys/:provider': { key: 'sk-proj-0123456789abcdef' },
  'PATCH /v1/tenants/current': { name: 'Acme' },
  'POST /v1/tenants/current/delete': { confirm: 'acme' },
  'POST /v1/admin/tenants': { name: 'Acme', slug: 'acme', owner_email: 'ada@example.com' },
  'PATCH /v1/admin/tenants/:id': { name: 'Acme' },
  'POST /v1/admin/tenants/:id/suspend': { reason: 'Unpaid since October.' },
  'PATCH /v1/admin/tenants/:id/settings': { 'limits.requests_per_minute': 600 },
  'POST /v1/admin/tenants/:id/delete': { confirm: 'acme' },
  'POST /v1/api-keys': { name: 'nightly import', scopes: ['read', 'write'] },
  'POST /v1/documents': {
    title: 'Holidays',
    content: '# Holidays\n\nEveryone has 30 days of holiday a year.',
    content_type: 'text/markdown',
    metadata: { department: 'people' },
  },
  'POST /v1/repositories': {
    url: 'https://github.com/acme/shop.git',
    name: 'Shop',
    access_token: 'github_pat_0123456789',
  },
  'PATCH /v1/repositories/:id': { description: 'What the shop runs on.' },
  'POST /v1/analyses': { repository_id: id },
  'PATCH /v1/findings/:id': { status: 'false_positive', note: 'A key of the tests.' },
  'POST /v1/search': { query: 'days of holiday', top_k: 5, filter: { metadata: { department: 'people' } } },
  'POST /v1/budgets': { scope: 'user', period: 'day', limit_usd: 1, hard: true },
  'PATCH /v1/budgets/:id': { limit_usd: 2.5 },
  'PUT /v1/admin/tenants/:id/budgets/:period': { limit_usd: 50 },
  'POST /v1/messages': { role: 'user', content: 'I am allergic to nuts.', metadata: { topic: 'health' } },
  'POST /v1/messages/batch': { messages: [{ role: 'user', content: 'I am allergic to nuts.' }] },
  'PUT /v1/messages/:id': { content: 'I am allergic to peanuts.' },
  'POST /v1/messages/batch/update': { updates: [{ message_id: id, update: { content: 'I am allergic to peanuts.' } }] },
  'POST /v1/messages/batch/delete': { message_ids: [id] },
  'POST /v1/memory/search': { query: 'What am I allergic to?', top_k: 5 },
  'POST /v1/memory/facts': { attribute: 'home', value: 'Lisbon' },
  'PUT /v1/memory/facts/:id': { value: 'Porto' },
  'PUT /v1/retention/policy': { enabled: true, max_age_days: 365 },
  'PATCH /v1/retention/policy': { enabled: true, max_age_days: 365 },
  'POST /v1/retention/rules': { name: 'old talk', rule_type: 'age', conditions: { days: 90 }, action: 'archive' },
  'PUT /v1/retention/rules/:id': { enabled: false },
  'PATCH /v1/retention/rules/:id': { enabled: false },
  'POST /v1/embeddings/indexes/serve': { embedder: 'openai/text-embedding-3-small' },
  'POST /v1/forgetting': { kind: 'session', id, dry_run: true },
  'POST /v1/forgetting/verify': { receipt: { id, kind: 'session', target: id, total: 12 }, signature: 'lZq…' },
  'POST /v1/retention/runs': { dry_run: true },
  'POST /v1/retention/execute': { dry_run: true },
  'POST /v1/admin/retention/run': { dry_run: true },
  'POST /v1/visitors': { tenant: 'acme' },
  'POST /v1/sessions': { title: 'Holidays' },
  'PATCH /v1/sessions/:id': { title: 'Holidays next year' },
  'POST /v1/sessions/:id/runs': {
    input: 'How many days of holiday do I have?',
    retrieval: { mode: 'auto', filter: { document_ids: [id] } },
    tools: [
      { type: 'search_documents' },
      {
        type: 'function',
        name: 'get_holiday_balance',
        description: 'How many days of holiday the user has left this year.',
        parameters: { type: 'object', properties: { year: { type: 'integer' } }, required: ['year'] },
      },
    ],
  },
  'POST /v1/sessions/:id/messages/:message_id/regenerate': { temperature: 0.7 },
  'POST /v1/sessions/:id/messages/:message_id/edit': { input: 'How many days of holiday do I have next year?' },
  'POST /v1/mcp-servers': {
    name: 'tickets',
    url: 'https://mcp.example.com/mcp',
    headers: { authorization: 'Bearer key-of-the-server' },
    approval: 'changes',
  },
  'PATCH /v1/mcp-servers/:id': { approval: 'always', enabled: true },
  'POST /v1/runs/:id/tool-outputs': { tool_outputs: [{ tool_call_id: 'call_1', output: { days_left: 12 } }] },
  'POST /v1/runs/:id/tool-approvals': {
    decisions: [{ tool_call_id: 'call_2', approved: false, reason: 'Not before Friday.' }],
  },
};

/** The beginning of a run's stream, as the reference shows it. */
export const streamExample = `id: 1
event: run-start
data: {"run_id":"${id}","seq":1,"type":"run-start","session_id":"…","message_id":"…","model":"extractive","attempt":1}

id: 5
event: text-delta
data: {"run_id":"${id}","seq":5,"type":"text-delta","part_id":"text-1","delta":"Everyone has 30 days"}

id: 9
event: citation
data: {"run_id":"${id}","seq":9,"type":"citation","part_id":"text-1","number":1,"title":"Holidays","quote":"Everyone has 30 days of holiday a year.","span":{"start":12,"end":51},"answer_span":{"start":0,"end":39},"supported":true,"chunk_id":"…","document_id":"…","heading_path":["Holidays"],"page":null}

id: 12
event: run-end
data: {"run_id":"${id}","seq":12,"type":"run-end","status":"completed","message":{"id":"…","content":"Everyone has 30 days of holiday a year. [1]"}}
`;
