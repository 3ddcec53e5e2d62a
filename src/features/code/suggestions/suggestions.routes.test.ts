import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../../../test/support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../../../../test/support/openai-app.ts';
import { entriesOf, FAKE_PRICE } from '../../../../test/support/usage.ts';
import { ModelError } from '../../../ai/chat-model.ts';
import { type Script, scriptedModel } from '../../../ai/fakes.ts';
import type { JobDefinition } from '../../../platform/queue/queue.ts';
import type { AnalysePayload } from '../analyse-job.ts';

const CODE = 'export function pick(list, name) {\n  if (!list) return null;\n  return eval(name);\n}\n';
const there = {
  title: 'Look it up',
  text: 'Take the name from a table.',
  severity: 'high',
  path: 'pick.js',
  line: 3,
  snippet: 'return eval(name);',
};
const invented = { ...there, title: 'Close it', snippet: 'connection.close();' };
const ANSWER = JSON.stringify({ suggestions: [there, invented] });

describe.each(anyTestDatabase())(
  'suggestions about an analysis on the $kind database',
  { timeout: 120_000 },
  (kind) => {
    let db: TestDatabase;
    let folder: string;
    let app: OpenaiApp;
    let admin: OpenaiUser;
    let script: Script = [ANSWER];
    const model = scriptedModel(() => script);

    beforeAll(async () => {
      db = await kind.open();
      folder = await mkdtemp(join(tmpdir(), 'parley-suggestions-'));
      await writeFile(join(folder, 'pick.js'), CODE);
      const { model: name, input, output, contextWindow: context_window, maxOutput: max_output } = FAKE_PRICE;
      const prices = join(folder, 'prices.json');
      await writeFile(prices, JSON.stringify([{ model: name, input, output, context_window, max_output }]));
      const settings = { CODE_LOCAL_ROOTS: folder, PRICES_FILE: prices, UNPRICED_MODELS: 'refuse' };
      app = await openOpenaiApp(db.database, { '': model, [model.id]: model }, { settings });
      admin = await app.newUser();
    });
    afterAll(async () => {
      await app[Symbol.asyncDispose]();
      await db.close();
      await rm(folder, { recursive: true });
    });

    async function send(method: string, path: string, body?: object) {
      const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' };
      const response = await fetch(app.address + path, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    }
    const turn = (isOn: boolean) => send('PATCH', '/v1/tenants/current/settings', { 'code.suggestions': isOn });

    async function analysed() {
      const repository = await send('POST', '/v1/repositories', { path: folder });
      const { status, body } = await send('POST', '/v1/analyses', { repository_id: repository.body.id });
      expect(status).toBe(201);
      const tenant = { id: admin.tenantId, slug: (await send('GET', '/v1/auth/me')).body.tenant.slug };
      const [job] = app.services.code.jobs as readonly unknown[] as readonly JobDefinition<AnalysePayload>[];
      await job?.handle({ tenant, analysisId: body.id }, { signal: new AbortController().signal } as never);
      return (await send('GET', `/v1/analyses/${body.id}`)).body;
    }
    async function paid() {
      await app.services.usage.ledger.drained();
      return entriesOf(db.database, admin.tenantId);
    }

    test('no model is asked unless the tenant wants that', async () => {
      expect(await analysed()).toMatchObject({ status: 'completed', suggestions: null });
      expect(model.requests).toEqual([]);
      expect(await paid()).toEqual([]);
    });

    test('what names a line that is there is kept, the rest is counted, and who began it pays', async () => {
      expect((await turn(true)).status).toBe(200);
      const analysis = await analysed();
      expect(analysis).toMatchObject({ status: 'completed', error: null });
      expect(analysis.suggestions).toEqual({ model: model.id, kept: [there], dropped: 1, note: null });
      const report = await send('GET', `/v1/analyses/${analysis.id}/report?format=json`);
      expect(report.body.suggestions).toEqual(analysis.suggestions);
      expect(model.requests).toHaveLength(1);
      expect(await paid()).toMatchObject([{ model: model.id, purpose: 'suggestions', amount: 0.000012 }]);
      const usage = await send('GET', '/v1/usage?group_by=user,purpose');
      expect(usage.body.data).toMatchObject([{ user_id: admin.userId, purpose: 'suggestions', cost_usd: 0.000012 }]);
    });

    test('an analysis whose model fails is completed, with a note', async () => {
      await turn(true);
      script = [{ fail: new ModelError('unavailable', 'away') }];
      expect(await analysed()).toMatchObject({
        status: 'completed',
        suggestions: { kept: [], dropped: 0, note: expect.stringContaining('did not answer') },
      });
    });
  },
);
