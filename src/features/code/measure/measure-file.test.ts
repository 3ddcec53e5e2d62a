// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is code of others, as text
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { measureFile } from './measure-file.ts';
import { roleOf } from './roles.ts';
import { StructureReader } from './structure/parse.ts';
import { scan } from './tokens/scan.ts';
import { SYNTAXES, type SyntaxName } from './tokens/syntax.ts';

let reader: StructureReader;
beforeAll(async () => {
  reader = await StructureReader.open();
});

async function measured(path: string, text: string) {
  const found = await measureFile({ path, text, bytes: Buffer.byteLength(text) }, reader, 1_000_000);
  if (!found) throw new Error(`${path} has no language`);
  return found;
}

/** Name, first and last line, complexity, nesting and parameters of each function. */
async function functionsOf(path: string, text: string) {
  const { functions } = await measured(path, text);
  return functions.map(({ name, line, endLine, complexity, nesting, parameters }) =>
    [name, `${line}-${endLine}`, complexity, nesting, parameters].join(' '),
  );
}

describe('lines', () => {
  test.each([
    ['a.ts', 'const a = 1; // one\n\n// two\n/* three\n\n*/\nconst b = "// no";\n', [2, 4, 1]],
    ['a.ts', 'const t = `\n// text ${a + `/* ${"}"} */`}\n`;\nconst r = /[/*"]/;\n', [4, 0, 0]],
    [
      'a.py',
      '"""Says what it is.\n\nAll of it."""\n\ndef f():\n    """Too."""\n    x = """no\n# comment"""\n    # yes\n    return x\n',
      [4, 5, 1],
    ],
    [
      'a.rs',
      '/* a /* b */\n c */\nfn f<\'a>(x: &\'a str) -> char { \'"\' }\nlet r = r#"// "no""#; // yes\n',
      [2, 2, 0],
    ],
    ['a.rb', 'x = <<~END\n  # no\n\nEND\ny = /# no/\n# yes\n=begin\nno code\n=end\n', [5, 4, 0]],
    ['a.php', "<p>it's</p>\n<?php\n# yes\n$a = 'a // b';\n?>\n<p>isn't</p>\n", [5, 1, 0]],
    ['a.cs', 'var a = @"c:\\"; // yes\nvar b = $"{a} // no";\n/* yes */\n', [2, 1, 0]],
    ['a.go', 'var a = `// no\n"`\n// yes', [2, 1, 0]],
    ['a.cpp', 'auto r = R"x(// no " )" )x"; // yes\n#include <a>\n\'\\\'\'; // yes\n', [3, 0, 0]],
    ['a.sql', "-- yes\nselect '-- no'; -- yes\n", [1, 1, 0]],
    ['a.html', '<!-- yes\n yes -->\n<p>\n', [1, 2, 0]],
    ['a.yaml', '# yes\na: b\n\n', [1, 1, 1]],
  ])('of %s are told apart', async (path, text, [code, comment, blank]) => {
    const { metrics } = await measured(path, text);
    expect([metrics.codeLines, metrics.commentLines, metrics.blankLines]).toEqual([code, comment, blank]);
  });

  test('of any text add up, and tokens lie one behind the other within it', () => {
    const pieces = [
      '"',
      "'",
      '`',
      '${',
      '}',
      '/*',
      '*/',
      '//',
      '#',
      '\n',
      '\\',
      '"""',
      '<<~A',
      'A',
      'r#"',
      '/',
      ' ',
      'x',
      '<?php',
      '?>',
      '(',
      'é',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom(...(Object.keys(SYNTAXES) as SyntaxName[])), (source, syntax) => {
        let end = 0;
        let line = 1;
        for (const token of scan(source, syntax)) {
          expect(token.start).toBeGreaterThanOrEqual(end);
          expect(token.line).toBe(1 + source.slice(0, token.start).split('\n').length - 1);
          expect(token.line).toBeGreaterThanOrEqual(line);
          end = token.end;
          line = token.endLine;
        }
        expect(end).toBeLessThanOrEqual(source.length);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('functions', () => {
  test('of TypeScript', async () => {
    const text = `class A {
  load(a: number, b = 2) {
    if (a && b) { for (const x of []) { if (x) { throw a ?? b; } } } else if (b) { return 1; } else { return 2; }
    switch (a) { case 1: case 2: return 3; default: return a ? 1 : 2; }
  }
}
const later = (x: string) => [1].map((y) => y || x);
function plain() {
  try { plain(); } catch { return; }
}
`;
    expect(await functionsOf('src/a.ts', text)).toEqual([
      'A.load 2-5 10 3 2',
      '(anonymous) 7-7 2 0 1',
      'later 7-7 1 0 1',
      'plain 8-10 2 1 0',
    ]);
  });

  test.each([
    ['a.js', 'const f = function (a) { while (a) { do { a--; } while (a > 3); } };', ['f 1-1 3 2 1']],
    ['a.tsx', 'export const B = ({ a }: P) => a ? <b>{a && <i/>}</b> : null;', ['B 1-1 3 0 1']],
    [
      'a.py',
      'class A:\n  def f(self, a):\n    if a and a > 1:\n      return [x for x in a if x]\n    elif a:\n      pass\n    try:\n      g()\n    except E:\n      pass\n',
      ['A.f 2-10 7 1 2'],
    ],
    [
      'A.java',
      'class A {\n int f(int a, int b) {\n  for (int i : x) { if (a > 0 || b > 0) return 1; else if (b > 1) return 2; }\n  switch (a) { case 1: return 1; default: return 2; }\n }\n}',
      ['A.f 2-5 6 2 2'],
    ],
    [
      'a.go',
      'package a\nfunc (s *S) F(a int, b string) int {\n\tif a > 0 && b != "" { for { } } else if a < 0 { return 1 }\n\tswitch a { case 1: return 1\n\tdefault: return 2 }\n}',
      ['F 2-6 6 2 2'],
    ],
    [
      'a.rs',
      'fn f(a: i32) -> i32 {\n  if a > 0 { 1 } else if a < 0 { 2 } else { match a { 0 => 3, _ => 4 } }\n}',
      ['f 1-3 5 2 1'],
    ],
    [
      'a.rb',
      'class A\n  def f(a)\n    return 1 if a\n    x.each do |y|\n      puts y unless y && a\n    end\n  end\nend',
      ['A.f 2-7 4 1 1'],
    ],
    [
      'a.php',
      '<?php\nfunction f($a) { foreach ($a as $b) { if ($b ?? 1) { echo 1; } elseif ($a) { echo 2; } } }',
      ['f 2-2 5 2 1'],
    ],
    [
      'A.cs',
      'class A {\n int F(int a) => a switch { 1 => 2, _ => 3 };\n void G() { foreach (var x in y) { if (x) return; } }\n}',
      ['A.F 2-2 3 1 1', 'A.G 3-3 3 2 0'],
    ],
    [
      'a.c',
      'static int *f(int a, char *b) {\n  if (a && b) { while (a) { a--; } }\n  switch (a) { case 1: return 0; default: return 0; }\n}',
      ['f 1-4 5 2 2'],
    ],
    [
      'a.cpp',
      'int A::g(int a) { for (auto x : y) { try { h(); } catch (...) { } } return a ? 1 : 2; }',
      ['A::g 1-1 4 2 1'],
    ],
    [
      'a.kt',
      'class A {\n  fun f(a: Int, b: String): Int {\n    if (a > 0 && b != "") { for (x in 1..2) { g() } }\n    return when (a) {\n      1 -> 2\n      3 -> 4\n      else -> 5\n    }\n  }\n  fun g() = 1\n}',
      ['A.f 2-9 6 2 2', 'A.g 10-10 1 0 0'],
    ],
    [
      'a.swift',
      'struct A {\n  func f(a: Int) -> Int {\n    guard a > 0 else { return 1 }\n    switch a {\n    case 1: return 2\n    default: return 3\n    }\n  }\n}',
      ['A.f 2-8 3 1 1'],
    ],
    [
      'a.scala',
      'object A {\n  def f(a: Int): Int = {\n    if (a > 0) 1 else a match {\n      case 1 => 2\n      case _ => 3\n    }\n  }\n}',
      ['A.f 2-7 4 2 1'],
    ],
  ])('of %s', async (path, text, expected) => {
    expect(await functionsOf(path, text)).toEqual(expected);
  });

  test('are read from a broken text as far as it goes, and a file above the bound is counted by lines', async () => {
    expect(await functionsOf('src/a.ts', 'function f() { if (a) { return 1; }\n}\nfunction ((')).toContain(
      'f 1-2 2 1 0',
    );
    const text = 'function f() {}\n';
    const large = await measureFile({ path: 'a.js', text, bytes: 2_000 }, reader, 1_000);
    expect(large?.metrics).toMatchObject({ reading: 'lines', lines: 1, functions: 0 });
    expect(large?.failed).toContain('1000 bytes');
  });

  test.each([
    ['deep parentheses', '('.repeat(1_000)],
    ['deep blocks', 'if(a){'.repeat(500)],
    ['templates within templates', '`${'.repeat(3_000)],
    ['a line of slashes', '/['.repeat(1_000)],
    ['quotes', `"'`.repeat(1_000)],
    ['one line of words', 'fun a '.repeat(1_000)],
  ])('of hostile text come to an end: %s', async (_, text) => {
    for (const path of ['a.ts', 'a.kt', 'a.py', 'a.rb']) expect((await measured(path, text)).metrics.lines).toBe(1);
  });
});

test.each([
  ['src/a.ts', '', 'product'],
  ['src/latest/a.ts', '', 'product'],
  ['src/a.test.ts', '', 'test'],
  ['pkg/a_test.go', '', 'test'],
  ['tests/unit/x.py', '', 'test'],
  ['src/test/java/A.java', '', 'test'],
  ['vendor/x/a.go', '', 'vendored'],
  ['examples/a.py', '', 'example'],
  ['src/api.pb.go', '', 'generated'],
  ['src/a.ts', '// @generated by x\n', 'generated'],
  ['src/a.ts', 'const mark = "@generated";\n', 'product'],
  ['src/a.js', `a;${'b();'.repeat(2_000)}`, 'generated'],
])('%s is told by its path and its first lines', (path, text, role) => {
  expect(roleOf(path, text)).toBe(role);
});
