import { pino } from 'pino';
import { expect, test } from 'vitest';
import { gate, scriptedModel } from '../../../ai/fakes.ts';
import { newId } from '../../../platform/id.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { Analysis, CodeBase, Finding } from '../analysis.ts';
import type { CodeDependencies } from '../code.dependencies.ts';
import { suggestionsFor } from './suggestions-for.ts';

const tenant = { id: newId(), slug: 'acme' } as Tenant;
const code: CodeBase = { files: [{ path: 'a.js', text: 'eval(x);\n', bytes: 9 }], history: null, skipped: [] };
const finding = { rule: 'code/eval', severity: 'high', message: 'It runs text.', path: 'a.js', line: 1 } as Finding;
const analysis = { findings: [finding], metrics: { functions: null } } as unknown as Analysis;

function start(defaultModel: CodeDependencies['defaultModel']) {
  const [signal, late] = [new AbortController(), new AbortController()];
  const deps = {
    settings: { read: async () => true as never },
    meter: { model: ({ id, stream }) => ({ id, stream }) },
    defaultModel,
    log: pino({ enabled: false }),
  } satisfies Partial<CodeDependencies> as unknown as CodeDependencies;
  const signals = { signal: signal.signal, late: late.signal };
  return { signal, late, asked: suggestionsFor(deps, tenant, { code, analysis, userId: null }, signals) };
}

test('an analysis whose time is over while a model is asked goes on without it', async () => {
  const pause = gate();
  const { late, asked } = start(async () => scriptedModel([{ gate: pause }]));
  await pause.reached;
  late.abort(new Error('too late'));
  expect(await asked).toMatchObject({ model: 'fake/scripted', kept: [], note: expect.stringContaining('too long') });
});

test('one that is cancelled, or whose process ends, goes on with nothing', async () => {
  const pause = gate();
  const { signal, asked } = start(async () => scriptedModel([{ gate: pause }]));
  await pause.reached;
  signal.abort(new Error('cancelled'));
  await expect(asked).rejects.toThrow('cancelled');
});

test('a tenant without a model is told so', async () => {
  const { asked } = start(() => Promise.reject(new Error('none')));
  expect(await asked).toMatchObject({ model: null, note: expect.stringContaining('No model') });
});

test('a model that writes no JSON is not asked, though its meter does not say so', async () => {
  const model = { ...scriptedModel([]), writesJson: false } as const;
  expect((await start(async () => model).asked)?.note).toContain('cannot write');
  expect(model.requests).toEqual([]);
});
