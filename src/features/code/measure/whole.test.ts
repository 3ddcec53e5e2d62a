// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is code of others, as text
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { measureDependencies } from './dependencies/dependencies.ts';
import { DuplicationFinder } from './duplication.ts';
import { measureHistory } from './history.ts';
import { findCycles } from './imports/cycles.ts';
import { measureImports } from './imports/graph.ts';
import { importReaderOf } from './imports/read-imports.ts';
import { distributionOf } from './summary.ts';
import { scan } from './tokens/scan.ts';

const file = (path: string, text: string) => ({ path, text, bytes: text.length });

describe('duplication', () => {
  const block = Array.from({ length: 20 }, (_, at) => `  call${at}(first, second, ${at});`).join('\n');
  const find = (texts: Record<string, string>) => {
    const finder = new DuplicationFinder();
    for (const [path, text] of Object.entries(texts)) {
      finder.add(path, text, scan(text, 'javascript'), text.trim().split('\n').length);
    }
    return finder.find();
  };

  test('is found between files and within one, whatever the comments and blanks', () => {
    const found = find({
      'a.ts': `const one = 1\n${block}\n`,
      'b.ts': `\nlet two = 2\n${block.replaceAll('\n', ' // x\n\n')}\n`,
    });
    expect(found.pairs).toHaveLength(1);
    expect(found.pairs[0]).toMatchObject({
      tokens: 180,
      a: { path: 'a.ts', line: 2, endLine: 21 },
      b: { path: 'b.ts', line: 3 },
    });
    expect(found.duplicatedLines).toBe(40);
    expect(find({ 'a.ts': `${block}\nf();\n${block}\n` }).pairs[0]).toMatchObject({ a: { line: 1 }, b: { line: 22 } });
  });

  test('is not what is alike but not the same, short, or an import', () => {
    expect(find({ 'a.ts': block, 'b.ts': block.replaceAll('call', 'other') }).percent).toBe(0);
    const imports = Array.from({ length: 30 }, (_, at) => `import { a${at}, b${at} } from './x${at}.ts';`).join('\n');
    expect(find({ 'a.ts': imports, 'b.ts': imports }).pairs).toEqual([]);
  });

  test('of a text that repeats itself does not overlap', () => {
    const { pairs, percent } = find({ 'a.ts': 'f(a);\n'.repeat(2_000) });
    expect(percent).toBeLessThanOrEqual(100);
    for (const { a, b } of pairs) expect(a.endLine).toBeLessThanOrEqual(b.line);
  });
});

describe('dependencies', () => {
  const declared = (...files: [string, string][]) =>
    measureDependencies(files.map(([path, text]) => file(path, text))).declared.map(
      ({ name, requirement, locked, pinned, dev, line }) => [name, requirement, locked, pinned, dev, line],
    );

  test('of npm, with the lock file above', () => {
    const manifest = '{\n "dependencies": {\n  "a": "^1.0.0",\n  "b": "2.0.0" },\n "devDependencies": { "c": "~3" } }';
    expect(declared(['x/package.json', manifest])).toEqual([
      ['a', '^1.0.0', null, false, false, 3],
      ['b', '2.0.0', null, true, false, 4],
      ['c', '~3', null, false, true, 5],
    ]);
    const lock =
      '{"packages": {"": {}, "node_modules/a": {"version": "1.2.3"}, "node_modules/c/node_modules/a": {"version": "9.9.9"}}}';
    expect(declared(['package-lock.json', lock], ['x/package.json', manifest])[0]).toEqual([
      'a',
      '^1.0.0',
      '1.2.3',
      true,
      false,
      3,
    ]);
  });

  test.each<[string, string, unknown[][]]>([
    [
      'requirements.txt',
      '# x\nDjango==4.2  # y\nrequests[socks]>=2,<3\n-r other.txt\n',
      [
        ['Django', '==4.2', null, true, false, 2],
        ['requests', '>=2,<3', null, false, false, 3],
      ],
    ],
    [
      'pyproject.toml',
      '[project]\ndependencies = [\n  "a>=1",\n  "b==2",\n]\n[tool.poetry.group.dev.dependencies]\nc = { version = "^3", extras = ["x"] }\n',
      [
        ['a', '>=1', null, false, false, 3],
        ['b', '==2', null, true, false, 4],
        ['c', '^3', null, false, true, 7],
      ],
    ],
    [
      'go.mod',
      'module x\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgithub.com/c/d v0.1.0 // indirect\n)\n',
      [['github.com/a/b', 'v1.2.3', null, true, false, 3]],
    ],
    [
      'pom.xml',
      '<properties><v>1.2</v></properties>\n<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version><scope>test</scope></dependency>',
      [['g:a', '1.2', null, true, true, 2]],
    ],
    [
      'x/pom.xml',
      '<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${g.version}</version></dependency>',
      [['g:a', '${g.version}', null, true, false, 1]],
    ],
    [
      'build.gradle.kts',
      'dependencies {\n  implementation("g:a:1.0")\n  testImplementation("g:b:1.+")\n}',
      [
        ['g:a', '1.0', null, true, false, 2],
        ['g:b', '1.+', null, false, true, 3],
      ],
    ],
    [
      'Cargo.toml',
      '[dependencies]\na = "1.0"\nb = { path = "../b" }\n[dev-dependencies]\nc = "=1.0.0"\n',
      [
        ['a', '1.0', null, false, false, 2],
        ['c', '=1.0.0', null, true, true, 5],
      ],
    ],
    [
      'Gemfile',
      "gem 'rails', '~> 7.0'\ngroup :test do\n  gem 'rspec'\nend\ngem 'pg'\n",
      [
        ['pg', null, null, false, false, 5],
        ['rails', '~> 7.0', null, false, false, 1],
        ['rspec', null, null, false, true, 3],
      ],
    ],
    ['composer.json', '{"require": {"php": ">=8", "a/b": "^1.0"}}', [['a/b', '^1.0', null, false, false, 1]]],
    [
      'A.csproj',
      '<Project>\n<PackageReference Include="A.B" Version="1.2.3" />\n</Project>',
      [['A.B', '1.2.3', null, true, false, 2]],
    ],
    [
      'Package.swift',
      'x\n.package(url: "https://github.com/a/b.git", from: "1.0.0"),',
      [['b', 'from: "1.0.0"', null, false, false, 2]],
    ],
  ])('of %s', (path, text, expected) => {
    expect(declared([path, text])).toEqual(expected);
  });

  test('keep nobody’s credentials, and are cut', () => {
    const address = 'git+https://x:hunter2pw@github.com/o/l.git#0123456789';
    const manifest = JSON.stringify({ dependencies: { a: address, b: '1'.repeat(500) } });
    const [a, b] = declared(['package.json', manifest]);
    expect(a?.slice(0, 4)).toEqual(['a', 'git+https://***@github.com/o/l.git#0123456789', null, true]);
    expect(b?.[1]).toHaveLength(200);
    expect(declared(['requirements.txt', 'l @ git+https://hunter2pw@github.com/o/l.git'])[0]?.[1]).toBe(
      '@ git+https://***@github.com/o/l.git',
    );
  });

  test.each([
    ['https://a.io/p.tgz?v=1&private_token=hunter2pw#x', 'https://a.io/p.tgz?v=1&private_token=***#x'],
    ['https://a.io/p.tgz?X-Amz-Signature=hunter2pw', 'https://a.io/p.tgz?X-Amz-Signature=***'],
    ['hunter2pw@github.com:o/l.git', '***@github.com:o/l.git'],
    ['x:hunter2pw@github.com:o/l.git', '***@github.com:o/l.git'],
    ['git@github.com:o/l.git', 'git@github.com:o/l.git'],
    ['npm:@s/a@1.0.0', 'npm:@s/a@1.0.0'],
  ])('show of %s only what is no secret', (address, expected) => {
    const manifest = JSON.stringify({ dependencies: { a: address } });
    expect(declared(['package.json', manifest])[0]?.[1]).toBe(expected);
  });

  test('stand on lines of their own tables, and of lists that hold comments', () => {
    const manifest = '{\n"keywords": ["a"],\n"scripts": {"x": "a"},\n"dependencies": {\n"a": "1"\n},\n"files": []}';
    expect(declared(['package.json', manifest])[0]?.[5]).toBe(5);
    const toml = '[project]\nname = "a"\ndependencies = [\n  # One.\n\n  "b",\n  "a",\n]\n';
    expect(declared(['pyproject.toml', toml]).map(([name, , , , , line]) => [name, line])).toEqual([
      ['a', 7],
      ['b', 6],
    ]);
  });

  test.each([
    ['package.json', '{"dependencies": {"a": "1"}}', false],
    ['package.json', '{"files": ["src"], "dependencies": {"a": "1"}}', true],
    ['package.json', '{"private": true, "exports": "./a.js", "dependencies": {"a": "1"}}', false],
    ['composer.json', '{"type": "library"}', true],
    ['pyproject.toml', '[project]\nclassifiers = []', true],
    ['x/Gemfile', "gem 'a'", true],
    ['Gemfile', "gem 'a'", false],
    ['x/requirements.txt', 'a', true],
    ['requirements.txt', 'a', false],
  ])('of %s with %s tell a library: %s', (path, text, library) => {
    const beside = [file('x/a.gemspec', ''), file('x/setup.py', '')];
    expect(measureDependencies([file(path, text), ...beside]).manifests).toMatchObject([{ path, library }]);
  });

  test('of yarn, and of lists over many lines', () => {
    const lock = '"@s/a@^1", "@s/a@~1":\n  version "1.2.3"\n\nb@^2:\n  version "2.0.1"\n';
    const manifest = '{"dependencies": {"@s/a": "^1", "b": "^2"}}';
    expect(declared(['yarn.lock', lock], ['package.json', manifest]).map((entry) => entry[2])).toEqual([
      '1.2.3',
      '2.0.1',
    ]);
    const toml = '[project]\ndependencies = [ # [ it\'s\n  "a[x]>=1",\n]\n[dependency-groups]\ndev = ["b"]\n';
    expect(declared(['pyproject.toml', toml]).map(([name]) => name)).toEqual(['a', 'b']);
  });

  test('a lock file is read once, however many manifests are below it', () => {
    const read = vi.spyOn(JSON, 'parse');
    const lock = '{"packages": {"node_modules/a": {"version": "1.2.3"}}}';
    const manifests = ['x', 'y', 'z'].map((name): [string, string] => [
      `${name}/package.json`,
      '{"dependencies": {"a": "^1"}}',
    ]);
    const found = declared(['package-lock.json', lock], ...manifests);
    expect(found.map((entry) => entry[2])).toEqual(['1.2.3', '1.2.3', '1.2.3']);
    expect(read.mock.calls.filter(([text]) => text === lock)).toHaveLength(1);
    read.mockRestore();
  });

  const many = 100_000;
  test.each([
    [
      'package.json',
      JSON.stringify({ dependencies: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`a${at}`, ''])) }),
    ],
    ['package.json', `{"a":1,${'\n'.repeat(many)}"dependencies": {"b": "${'+a'.repeat(10_000)}"}}`],
    ['pyproject.toml', `[project]\ndependencies = [\n${'"a",\n'.repeat(4_000)}]`],
    ['A.csproj', '<PackageReference Include="a"/>\n'.repeat(4_000)],
    ['pom.xml', `<dependency><version>${' '.repeat(many)}</dependency>`],
    ['go.mod', `require ${'a.'.repeat(many / 2)}`],
    ['Gemfile', `gem "a", group:${' '.repeat(many)}x\ngem${' '.repeat(20_000)}x`],
  ])('of a hostile %s are read in time that grows with its length', (path, text) => {
    const start = performance.now();
    declared([path, text]);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test('of hostile lock files too', () => {
    const start = performance.now();
    declared(['Gemfile.lock', '    a (\n'.repeat(200_000)], ['Gemfile', "gem 'a'"]);
    declared(['yarn.lock', `a@1${'":'.repeat(200_000)}x`], ['package.json', '{}']);
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test('of broken manifests are none', () => {
    for (const path of ['package.json', 'pyproject.toml', 'pom.xml', 'Cargo.lock', 'composer.json']) {
      fc.assert(
        fc.property(fc.string(), (text) => void declared([path, text])),
        { numRuns: 30, seed: 3 },
      );
    }
    expect(declared(['package.json', '{"dependencies": [1'])).toEqual([]);
  });
});

describe('imports', () => {
  const graphOf = (texts: Record<string, string>) => {
    const files = Object.entries(texts).map(([path, text]) => file(path, text));
    const read = files.flatMap(({ path, text }) => {
      const python = path.endsWith('.py');
      const reader = importReaderOf(python ? 'Python' : 'TypeScript');
      return /\.(ts|js|py)$/.test(path) && reader
        ? [{ path, found: reader(text, scan(text, python ? 'python' : 'javascript')), python }]
        : [];
    });
    return measureImports(read, files);
  };

  test('of TypeScript lead to files, by every form that the language has', () => {
    const { edges, graph } = graphOf({
      'tsconfig.json': '{\n // x\n "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], } } }',
      'src/a.ts':
        "import b from './b.js';\nexport { x } from '@/c';\nconst d = require('../lib/d');\nawait import('./e');\nimport 'react';\nimport './gone';\n// import './f'",
      ...{ 'src/b.ts': '', 'src/c/index.ts': '', 'lib/d.js': '', 'src/e.ts': '', 'src/f.ts': '' },
    });
    expect([...(edges.get('src/a.ts') ?? [])].sort()).toEqual(['lib/d.js', 'src/b.ts', 'src/c/index.ts', 'src/e.ts']);
    expect(graph).toMatchObject({ edges: 4, unresolved: 1, cycles: [] });
  });

  test('of Python lead to modules, and those in functions make no cycle', () => {
    const { edges, graph } = graphOf({
      'app/__init__.py': '',
      'app/a.py': 'import os, app.b\nfrom . import c\nfrom .d import (x,\n  y as z)\n',
      'app/b.py': 'from app.a import f\n',
      'app/c.py': 'def f():\n    from app.a import g\n',
      'app/d.py': '',
    });
    expect([...(edges.get('app/a.py') ?? [])].sort()).toEqual(['app/b.py', 'app/c.py', 'app/d.py']);
    expect(graph.cycles).toEqual([['app/a.py', 'app/b.py']]);
    expect(graph.filesInCycles).toBe(2);
  });

  test('of types only make no cycle', () => {
    expect(
      graphOf({ 'a.ts': "import type { B } from './b.ts';", 'b.ts': "import { a } from './a.ts';" }).graph.cycles,
    ).toEqual([]);
  });

  test('cycles are real, and files outside of them have none', () => {
    const arrows = fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(arrows, (pairs) => {
        const edges = new Map<string, Set<string>>();
        for (const [from, to] of pairs)
          if (from !== to) edges.set(`${from}`, (edges.get(`${from}`) ?? new Set()).add(`${to}`));
        const reach = (start: string) => {
          const found = new Set<string>(edges.get(start) ?? []);
          for (const node of found) for (const next of edges.get(node) ?? []) found.add(next);
          return found;
        };
        const inRings = [...edges.keys()].filter((node) => reach(node).has(node));
        const { cycles, filesInCycles } = findCycles(edges);
        expect(filesInCycles).toBe(inRings.length);
        for (const cycle of cycles) {
          for (const [at, node] of cycle.entries()) expect(edges.get(node)).toContain(cycle[(at + 1) % cycle.length]);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

test('history counts commits, authors, changes and hotspots', () => {
  const commit = (author: string, path: string, at: string) => ({
    id: at,
    at,
    author,
    files: [{ path, added: 3, removed: 1 }],
  });
  const history = [
    commit('x', 'a.ts', '2026-01-02T00:00:00Z'),
    commit('x', 'a.ts', '2026-01-01T00:00:00Z'),
    commit('y', 'b.ts', '2026-01-03T00:00:00Z'),
  ];
  const metrics = { path: 'a.ts', role: 'product', complexity: 7 } as Parameters<typeof measureHistory>[1][number];
  expect(measureHistory(history, [metrics])).toEqual({
    ...{ commits: 3, authors: 2, first: '2026-01-01T00:00:00Z', last: '2026-01-03T00:00:00Z', added: 9, removed: 3 },
    topAuthorPercent: 66.7,
    hotspots: [{ path: 'a.ts', commits: 2, churn: 8, complexity: 7, authors: 1 }],
  });
  expect(measureHistory(null, [])).toBeNull();
});

test('distributions name values that occur', () => {
  expect(distributionOf([4, 1, 2, 3, 10, 1, 1, 1, 1, 1])).toEqual({ count: 10, mean: 2.5, median: 1, p90: 4, max: 10 });
});
