// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is code of others, as text
import { expect, test } from 'vitest';
import { AnalysisLimitError, analyse } from './analyse.ts';
import type { AnalysisLimits, CodeBase } from './analysis.ts';

const file = (path: string, text: string) => ({ path, text, bytes: Buffer.byteLength(text) });

/** A small product with a fault of each kind, in three languages. */
const CODE: CodeBase = {
  files: [
    file('package.json', '{"dependencies": {"express": "^4.0.0"}}'),
    file(
      'src/a.ts',
      "import { b } from './b.ts';\nexport function a(x: number) {\n  try { b(x) && eval(`${x}`); } catch {} return 0;\n}\n",
    ),
    file('src/b.ts', "import { a } from './a.ts';\nexport const b = (x: number) => (x > 1 ? a(x - 1) : x);\n"),
    file('src/c.py', 'def c(x):\n    os.system("rm " + x)\n'),
    file('src/d.test.ts', "test('a', () => {\n  eval('1');\n});\n"),
    file('Main.java', 'class Main { int f(int a) { return a > 0 ? 1 : 2; } }\n'),
    file('notes.unknown', 'what is this'),
  ],
  history: [
    { id: '2', at: '2026-01-02T00:00:00Z', author: 'h1', files: [{ path: 'src/a.ts', added: 5, removed: 2 }] },
    { id: '1', at: '2026-01-01T00:00:00Z', author: 'h1', files: [{ path: 'src/a.ts', added: 1, removed: 0 }] },
  ],
  skipped: [],
};

const run = (code: CodeBase, limits: Partial<AnalysisLimits> = {}, signal = new AbortController().signal) =>
  analyse(code, { signal, limits });

test('a code base is measured and judged, the same in whatever order its files come', async () => {
  const [analysis, again] = await Promise.all([run(CODE), run({ ...CODE, files: [...CODE.files].reverse() })]);
  expect(JSON.stringify(again)).toBe(JSON.stringify(analysis));
  expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
  const { metrics, architecture, findings, scores } = analysis;
  expect(metrics.totals).toMatchObject({ files: 6, functions: 5, classes: 1 });
  expect(metrics.functions?.complexity).toMatchObject({ count: 4, max: 3 });
  expect(metrics.history?.hotspots[0]).toMatchObject({ path: 'src/a.ts', churn: 8 });
  expect(metrics.failed).toEqual([]);
  expect(architecture.frameworks).toEqual([{ name: 'Express.js', evidence: 'express ^4.0.0 in package.json' }]);
  expect(findings.map(({ rule, path, line }) => `${rule} ${path}:${line}`)).toEqual([
    'security/eval src/a.ts:3',
    'security/shell-command src/c.py:2',
    'dependencies/unpinned package.json:1',
    'structure/import-cycle src/a.ts:1',
    'reliability/swallowed-error src/a.ts:3',
  ]);
  expect(scores.map(({ name }) => name)).toEqual([
    'maintainability',
    'reliability',
    'structure',
    'security',
    'overall',
  ]);
  const [maintainability, reliability, structure, security, overall] = scores.map(({ value }) => value);
  // 3 lines of tests for 9 of product code; 2 of 3 files in a ring; 2 findings of weight, and all of the dependencies loose.
  expect([maintainability, reliability, structure, security]).toEqual([100, 46.4, 40, 50]);
  expect(overall).toBe(59.1);
  expect(scores.map(({ grade }) => grade)).toEqual(['A', 'E', 'E', 'E', 'E']);
});

test('a file that is too long on its way is listed, and the rest is measured', async () => {
  const code = { ...CODE, files: [...CODE.files, file('src/z.py', 'x = 1\n'.repeat(5_000))] };
  const { metrics, findings } = await run(code, { parsedBytes: 10_000 });
  expect(metrics.failed).toEqual([{ path: 'src/z.py', reason: expect.stringContaining('10000 bytes') }]);
  expect(metrics.files.find(({ path }) => path === 'src/z.py')).toMatchObject({ lines: 5_000, reading: 'lines' });
  expect(findings.length).toBeGreaterThan(4);
});

test('an analysis ends with its signal, and within its time', async () => {
  const large = {
    ...CODE,
    files: Array.from({ length: 200 }, (_, at) => file(`src/${at}.ts`, 'f(a, b);\n'.repeat(5_000))),
  };
  const reason = new Error('not wanted any more');
  await expect(run(large, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const running = analyse(large, { signal: controller.signal, onProgress: () => controller.abort(reason) });
  await expect(running).rejects.toBe(reason);
  await expect(run(large, { timeMs: 1 })).rejects.toThrow(AnalysisLimitError);
});

test('nothing but unknown files gives an analysis, too', async () => {
  const { metrics, findings } = await run({ files: [file('a.bin', 'x')], history: null, skipped: [] });
  expect([metrics.totals.files, metrics.functions, metrics.history, findings]).toEqual([0, null, null, []]);
});
