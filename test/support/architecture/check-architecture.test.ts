import { describe, expect, test } from 'vitest';
import { type Architecture, checkArchitecture } from './check-architecture.ts';

const architecture: Architecture = {
  rooms: ['app', 'features', 'lib'],
  featureArrows: { chat: ['tenancy'], tenancy: [] },
  packages: { fastify: ['src/app/', '*.routes.ts'], kysely: ['*.store.ts'], '@sdk/one': ['src/app/vendor.ts'] },
  environmentReaders: ['src/app/config.ts'],
  outside: ['package.json'],
  exceptions: [],
};

function check(tree: Record<string, string>, more: Partial<Architecture> = {}): string[] {
  return checkArchitecture(new Map(Object.entries(tree)), { ...architecture, ...more });
}

test('a tree that keeps every rule has no fault', () => {
  const faults = check({
    'src/main.ts': "import { serve } from './app/serve.ts';",
    'src/app/serve.ts': "import fastify from 'fastify';\nimport { chat } from '../features/chat/index.ts';",
    'src/app/config.ts': 'export const port = process.env.PORT;',
    'src/app/version.ts': "import pkg from '../../package.json' with { type: 'json' };",
    'src/features/chat/index.ts': "export { chat } from './chat.service.ts';",
    'src/features/chat/chat.service.ts':
      "import { inTenant } from '../tenancy/index.ts';\nimport { rows } from './chat.store.ts';\nimport { a } from '../../lib/a.ts';",
    'src/features/chat/chat.store.ts': "import { sql } from 'kysely';\nimport { createHash } from 'node:crypto';",
    'src/features/chat/chat.service.test.ts': "import { sql } from 'kysely';\nimport { x } from '../../../test/x.ts';",
    'src/features/tenancy/index.ts': 'export const inTenant = 1;',
    'src/lib/a.ts': 'export const a = 1;',
  });
  expect(faults).toEqual([]);
});

describe('rooms', () => {
  const forms = {
    import: "import { x } from '../app/x.ts';",
    'import for its effect': "import '../app/x.ts';",
    'type import': "import type { X } from '../app/x.ts';",
    're-export': "export { x } from '../app/x.ts';",
    'type re-export': "export type { X } from '../app/x.ts';",
    'dynamic import': "const x = await import('../app/x.ts');",
    'dynamic import by template': 'const x = await import(`../app/x.ts`);',
    'dynamic import by a constant': "const X = '../app/x.ts'; const x = await import(X);",
    'import in a type': "type X = import('../app/x.ts').X;",
    'typeof import in a type': "type X = typeof import('../app/x.ts');",
    thread: "new Worker(new URL('../app/x.ts', import.meta.url));",
    require: "createRequire(import.meta.url); require('../app/x.ts');",
    'import.meta.resolve': "import.meta.resolve('../app/x.ts');",
  };
  test.each(Object.entries(forms))('the right must not reach the left by %s', (_form, text) => {
    expect(check({ 'src/lib/a.ts': text })).toContainEqual(
      'src/lib/a.ts:1 imports src/app/x.ts: lib must not know app (imports go app → features → lib)',
    );
  });

  test('comments and texts that look like imports are none', () => {
    const text = "// import { x } from '../app/x.ts';\nconst text = \"import('../app/x.ts')\";";
    expect(check({ 'src/lib/a.ts': text })).toEqual([]);
  });

  test('the line is the one of the import', () => {
    const [fault] = check({ 'src/lib/a.ts': "/* … */\n\nimport { x } from '../app/x.ts';" });
    expect(fault).toContain('src/lib/a.ts:3 ');
  });

  test('an import that is made at run time cannot be checked', () => {
    expect(check({ 'src/app/a.ts': 'await import(name);' })).toEqual([expect.stringContaining('made at run time')]);
  });

  test('a file outside every room', () => {
    expect(check({ 'src/utils/a.ts': 'export const a = 1;' })).toEqual([expect.stringContaining('lies in no room')]);
  });

  test('a file outside src/', () => {
    expect(check({ 'src/app/a.ts': "import { b } from '../../bench/b.ts';" })).toEqual([
      'src/app/a.ts:1 imports bench/b.ts: it lies outside src/',
    ]);
  });

  test('a file that does not parse is named', () => {
    expect(() => check({ 'src/app/a.ts': 'import {' })).toThrow('src/app/a.ts does not parse');
  });
});

describe('features', () => {
  test.each(['src/features/chat/chat.service.ts', 'src/app/a.ts'])('%s reaches a feature by its index', (path) => {
    const target = path.includes('app') ? '../features/tenancy/tenant.ts' : '../tenancy/tenant.ts';
    expect(check({ [path]: `import { t } from '${target}';` })).toEqual([
      `${path}:1 imports src/features/tenancy/tenant.ts: a feature is reached through its index.ts only`,
    ]);
  });

  test('an arrow that is not declared', () => {
    expect(check({ 'src/features/tenancy/a.ts': "import { c } from '../chat/index.ts';" })).toEqual([
      'src/features/tenancy/a.ts:1 imports src/features/chat/index.ts: there is no arrow tenancy → chat; declared are none',
    ]);
  });

  test.each([
    ['chat.routes.ts', 'chat.store.ts', 'a route calls a service'],
    ['chat.jobs.ts', 'chat.store.ts', 'a job calls a service'],
    ['chat.service.ts', 'chat.routes.ts', 'a service knows no HTTP'],
    ['chat.store.ts', 'chat.service.ts', 'a store knows nothing but its tables'],
    ['chat.policy.ts', 'chat.store.ts', 'a policy is pure'],
  ])('%s must not import %s', (file, target, reason) => {
    const faults = check({ [`src/features/chat/${file}`]: `import type { X } from './${target}';` });
    expect(faults).toEqual([expect.stringContaining(reason)]);
  });
});

describe('packages', () => {
  test.each([
    ['src/features/chat/chat.service.ts', 'kysely', 'kysely belongs to *.store.ts'],
    ['src/features/chat/chat.service.ts', 'fastify/types', 'fastify belongs to src/app/, *.routes.ts'],
    ['src/app/other.ts', '@sdk/one/deep', '@sdk/one belongs to src/app/vendor.ts'],
    ['src/app/a.ts', 'left-pad', 'left-pad has no place yet'],
    ['src/lib/a.ts', 'node:fs', 'lib is pure'],
  ])('%s must not import %s', (path, name, reason) => {
    expect(check({ [path]: `import x from '${name}';` })).toEqual([expect.stringContaining(reason)]);
  });

  test('a request type may be declared anywhere', () => {
    const text = "declare module 'fastify' { interface FastifyRequest { who: string } }\nexport {};";
    expect(check({ 'src/features/chat/principal.ts': text })).toEqual([]);
  });
});

describe('the environment', () => {
  test.each([
    'process.env.PORT;',
    "process['env'];",
    'globalThis.process.env;',
    'const { env } = process;',
    "import { env } from 'node:process';",
  ])('is read by config.ts alone, not by %s', (text) => {
    expect(check({ 'src/app/a.ts': text })).toEqual([expect.stringContaining('src/app/a.ts:1 reads process.env')]);
  });
});

test.each(['../fakes.ts', '../http/fake-upstream.ts', './a.test.ts', './test-processes/child.ts'])(
  'the product does not import %s',
  (target) => {
    const faults = check({ 'src/app/deep/a.ts': `import { x } from '${target}';` });
    expect(faults).toEqual([expect.stringContaining('the product must not need its tests')]);
  },
);

describe('cycles', () => {
  test('are printed whole, each knot once, by its shortest way', () => {
    const faults = check({
      'src/lib/a.ts': "import './b.ts';",
      'src/lib/b.ts': "import type { C } from './c.ts';\nimport './a.ts';",
      'src/lib/c.ts': "import './a.ts';",
      'src/lib/before.ts': "import './a.ts';",
    });
    expect(faults).toEqual(['import cycle: src/lib/a.ts\n  → src/lib/b.ts\n  → src/lib/a.ts']);
  });

  test('two knots are two cycles, and a file may be its own', () => {
    const faults = check({
      'src/lib/a.ts': "import './b.ts';",
      'src/lib/b.ts': "import './a.ts';",
      'src/lib/self.ts': "import './self.ts';",
    });
    expect(faults).toHaveLength(2);
  });
});

test('a file of more than 400 lines', () => {
  expect(check({ 'src/lib/a.ts': 'export {};\n'.repeat(400) })).toEqual([]);
  expect(check({ 'src/lib/a.ts': 'export {};\n'.repeat(401) })).toEqual([expect.stringContaining('has 401 lines')]);
});

test('export * hides what a file offers', () => {
  expect(check({ 'src/lib/a.ts': "export * from './b.ts';" })).toEqual([expect.stringContaining('exports *')]);
});

describe('exceptions', () => {
  const exceptions = [{ file: 'src/lib/a.ts', target: 'src/app/x.ts', reason: 'for this test' }];

  test('allow one import', () => {
    const tree = { 'src/lib/a.ts': "import '../app/x.ts';\nimport '../app/y.ts';" };
    expect(check(tree, { exceptions })).toEqual([expect.stringContaining('src/lib/a.ts:2 imports src/app/y.ts')]);
  });

  test('are a fault when nothing needs them', () => {
    expect(check({ 'src/lib/a.ts': 'export {};' }, { exceptions })).toEqual([expect.stringContaining('remove it')]);
  });
});
