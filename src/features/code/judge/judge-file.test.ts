// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is code of others, as text
import { beforeAll, describe, expect, test } from 'vitest';
import { measureFile } from '../measure/measure-file.ts';
import { StructureReader } from '../measure/structure/parse.ts';
import { findingsFrom } from './findings.ts';
import { judgeFile, judgeSecrets } from './judge-file.ts';
import type { Remark } from './rules/rule.ts';

let reader: StructureReader;
beforeAll(async () => {
  reader = await StructureReader.open();
});

async function rulesOf(path: string, text: string): Promise<string[]> {
  const file = { path, text, bytes: text.length };
  const measured = await measureFile(file, reader, 1_000_000);
  return [...(measured ? judgeFile(measured) : []), ...judgeSecrets(file)].map(({ rule, line }) => `${rule} ${line}`);
}

/** Put together, so that no one finds secrets in this file. */
const KEY = `gh${'p_'}${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;

describe('what is found', () => {
  test.each([
    ['src/a.ts', 'const a = 1;\neval(text);', 'security/eval 2'],
    ['src/a.js', 'export const run = (text) => eval(text);', 'security/eval 1'],
    ['src/a.py', 'eval(request.args["x"])', 'security/eval 1'],
    ['src/a.ts', "import { exec } from 'node:child_process';\nexec(`git show ${name}`);", 'security/shell-command 2'],
    ['src/a.js', "require('child_process').x;\ncp.exec('ls ' + name);", 'security/shell-command 2'],
    ['src/a.py', 'os.system("rm " + name)', 'security/shell-command 1'],
    ['src/a.py', 'subprocess.run(f"rm {name}", shell=True)', 'security/shell-command 1'],
    ['src/a.php', '<?php\nsystem("rm $name");', 'security/shell-command 2'],
    ['src/a.rb', 'system("rm #{name}")', 'security/shell-command 1'],
    ['src/a.py', 'x = pickle.loads(body)', 'security/unsafe-deserialisation 1'],
    ['src/a.ts', "db.query(`SELECT * FROM a WHERE id = '${id}'`);", 'security/sql-by-text 1'],
    ['src/a.py', 'cursor.execute("SELECT * FROM a WHERE id = %s" % user_id)', 'security/sql-by-text 1'],
    [
      'src/A.java',
      'class A { void f() { s.executeQuery("SELECT * FROM a WHERE n = \'" + name + "\'"); } }',
      'security/sql-by-text 1',
    ],
    ['src/a.ts', 'new Agent({ rejectUnauthorized: false });', 'security/tls-check-off 1'],
    ['src/a.py', 'requests.get(url, verify=False)', 'security/tls-check-off 1'],
    ['src/a.go', 'package a\nvar c = tls.Config{InsecureSkipVerify: true}', 'security/tls-check-off 2'],
    ['src/a.ts', "const h = createHash('md5').update(password).digest();", 'security/weak-password-hash 1'],
    ['src/a.ts', 'const resetToken = Math.random().toString(36);', 'security/guessable-secret 1'],
    ['src/a.ts', 'try { a(); } catch (error) {}', 'reliability/swallowed-error 1'],
    ['src/a.ts', 'work().catch(() => {});', 'reliability/swallowed-error 1'],
    ['src/a.py', 'try:\n    a()\nexcept Exception:\n    pass\n', 'reliability/swallowed-error 3'],
    ['src/A.java', 'class A { void f() { try { a(); } catch (Exception e) { } } }', 'reliability/swallowed-error 1'],
    ['src/a.js', 'function f() {\n  debugger;\n}', 'maintainability/debug-leftover 2'],
    ['src/a.py', 'def f():\n    breakpoint()\n', 'maintainability/debug-leftover 2'],
    ['src/a.ts', `${'// TODO: later\n'.repeat(6)}f();`, 'maintainability/todo-density 1'],
    ['src/a.ts', `function f() {${'if (a) b();'.repeat(16)}}`, 'maintainability/complex-function 1'],
    [
      'src/a.ts',
      `function f() {\nif (a) b();\nif (c) d();\n${'c();\n'.repeat(120)}}`,
      'maintainability/long-function 1',
    ],
    ['src/a.ts', `function f() {${'if (a) {'.repeat(6)}${'}'.repeat(7)}`, 'maintainability/deep-nesting 1'],
    ['src/a.ts', 'function f(a, b, c, d, e, f, g, h, i) {}', 'maintainability/many-parameters 1'],
    ['src/a.ts', `const key = '${KEY}';`, 'secrets/github-token 1'],
    ['config/a.env', '\nDB=postgres://root:k3-Zq9-w1@db.acme.io/x', 'secrets/password-in-url 2'],
    ['src/a.ts', "const apiKey = 'Zk39dLq81xPw02mVb7';", 'secrets/assigned 1'],
  ])('in %s: %s', async (path, text, expected) => {
    expect(await rulesOf(path, text)).toEqual([expected]);
  });
});

describe('what is left alone', () => {
  test.each([
    ['src/a.ts', 'model.eval(); const evaluate = (eval_) => eval_; // eval(x)\nconst s = "eval(x)";'],
    ['src/a.ts', 'class A { exec(a: string) { return this.regex.exec(`a${a}`); } }'],
    ['src/a.ts', "import { exec } from 'node:child_process';\nexec('git status');"],
    ['src/a.py', 'subprocess.run(["rm", name])\nos.system("clear")'],
    ['src/a.py', 'ast.literal_eval(text)\nsession.execute("SELECT 1")'],
    ['src/a.ts', "db.query('SELECT * FROM a WHERE id = $1', [id]);"],
    ['src/a.ts', 'db.query(`SELECT * FROM ${table} WHERE id = $1`, [id]); log(`select a from b ${c}`);'],
    ['src/a.ts', "createHash('md5').update(text).digest(); createHash('sha1').update(file);"],
    ['src/a.ts', 'const tokens = Math.random() * 10; const delay = Math.random();'],
    ['src/a.ts', 'try { a(); } catch {\n  // It may be gone already.\n}'],
    ['src/a.py', 'try:\n    a()\nexcept KeyError:\n    pass\n'],
    ['src/a.test.ts', "eval(x); try { a(); } catch {} const password = 'Zk39dLq81xPw02mVb7';"],
    ['vendor/a.js', 'eval(x);'],
    [
      'src/a.ts',
      'const password = process.env.PASSWORD; const secret = "change-me-please-1"; const apiKey = "apiKeyHeader";',
    ],
    ['src/a.ts', "connect('postgres://user:password@localhost/x');"],
    ['src/a.ts', `function f() {\n${'  list("a");\n'.repeat(200)}}`],
  ])('in %s: %s', async (path, text) => {
    expect(await rulesOf(path, text)).toEqual([]);
  });
});

test('a secret is named, not shown', async () => {
  const text = `const key = '${KEY}';\nconst other = 'Zk39dLq81xPw02mVb7', password = 'Zk39dLq81xPw02mVb7';`;
  const { findings } = findingsFrom(judgeSecrets({ path: 'src/a.ts', text, bytes: 1 }), () => text, 10);
  expect(findings.map(({ rule }) => rule).sort()).toEqual(['secrets/assigned', 'secrets/github-token']);
  expect(JSON.stringify(findings)).not.toMatch(/a1B2|Zk39/);
});

describe('findings', () => {
  const remark = (line: number, path = 'src/a.ts'): Remark => ({
    ...{
      rule: 'x/y',
      severity: 'low',
      category: 'security',
      path,
      line,
      message: 'm',
      evidence: null,
      fix: 'f',
      verify: null,
    },
  });
  const find = (text: string, lines: number[], most = 10) =>
    findingsFrom(
      lines.map((line) => remark(line)),
      () => text,
      most,
    );

  test('keep their fingerprints when lines move, and tell equal lines apart', () => {
    const before = find('eval(a);\neval(a);', [1, 2]).findings.map(({ fingerprint }) => fingerprint);
    const after = find('// new\n\n  eval(a);\n eval(a);', [3, 4]).findings.map(({ fingerprint }) => fingerprint);
    expect(after).toEqual(before);
    expect(new Set(before).size).toBe(2);
    expect(find('eval(b);', [1]).findings[0]?.fingerprint).not.toBe(before[0]);
  });

  test('are bounded for each rule, and say how many were left out', () => {
    const { findings, leftOut } = find('a\nb\nc', [1, 2, 3], 2);
    expect([findings.length, leftOut]).toEqual([2, { 'x/y': 1 }]);
  });

  test('show no secret of the line that they are about', () => {
    const [found] = find(`requests.get(u, headers={"Authorization": "Bearer ${KEY}"}, verify=False)`, [1]).findings;
    expect(found?.evidence).toContain('Bearer ***');
    expect(found?.evidence).toContain('verify=False');
  });

  test('show no characters that a terminal acts upon', () => {
    expect(find('a\u001b[31m\u202eb\u0007', [1]).findings[0]?.evidence).toBe('a [31m b');
  });
});
