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
    ['src/a.js', "export const f = (body) => new Function('x', body);", 'security/eval 1'],
    [
      'src/a.js',
      "import { exec } from 'child_process';\nfunction f(name) {\n  const c = 'git show ' + name;\n  exec(c);\n}",
      'security/shell-command 4',
    ],
    [
      'src/a.js',
      "import { spawn } from 'child_process';\nspawn(`ls ${folder}`, { shell: true });",
      'security/shell-command 2',
    ],
    ['src/a.py', 'def f(name):\n    c = "ls %s" % name\n    subprocess.run(c, shell=True)', 'security/shell-command 3'],
    ['src/a.go', 'package a\nvar c = exec.Command("sh", "-c", "cat "+name)', 'security/shell-command 2'],
    ['src/a.rb', 'def f(name)\n  `git show #{name}`\nend', 'security/shell-command 2'],
    [
      'src/A.java',
      'class A { void f(String n) { Runtime.getRuntime().exec("sh -c cat " + n); } }',
      'security/shell-command 1',
    ],
    ['src/a.py', 'x = yaml.load(stream)', 'security/unsafe-deserialisation 1'],
    ['src/a.rb', 'x = Marshal.load(body)', 'security/unsafe-deserialisation 1'],
    ['src/a.php', "<?php\n$x = unserialize($_COOKIE['x']);", 'security/unsafe-deserialisation 2'],
    [
      'src/A.java',
      'class A { Object f(InputStream in) { return new ObjectInputStream(in).readObject(); } }',
      'security/unsafe-deserialisation 1',
    ],
    [
      'src/a.js',
      'function f(db, name) {\n  const q = "SELECT * FROM a WHERE n = \'" + name + "\'";\n  return db.query(q);\n}',
      'security/sql-by-text 2',
    ],
    [
      'src/a.go',
      'package a\nvar r = db.Query(fmt.Sprintf("SELECT * FROM a WHERE n = \'%s\'", name))',
      'security/sql-by-text 2',
    ],
    ['src/a.rb', 'Person.where("name = \'#{name}\'")', 'security/sql-by-text 1'],
    ['src/a.cs', 'var c = new SqlCommand("SELECT * FROM a WHERE n = \'" + n + "\'", db);', 'security/sql-by-text 1'],
    ['src/a.rb', 'http.verify_mode = OpenSSL::SSL::VERIFY_NONE', 'security/tls-check-off 1'],
    [
      'src/A.java',
      'class A { void f() { try { a(); } catch (InterruptedException ignored) { } } }',
      'reliability/swallowed-error 1',
    ],
    ['src/a.ts', 'try { await db.insert(row); } catch {}\nnext();', 'reliability/swallowed-error 1'],
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
    // What a program chose, or quoted.
    ['src/a.js', "import { exec } from 'child_process';\nexec('taskkill /pid ' + child.pid);\nexec(`${BIN} -v`);"],
    ['src/a.rb', '`#{shell_quote BIN} -version`\nMarshal.load(Marshal.dump(x))'],
    ['src/a.py', 'x = yaml.load(stream, Loader=yaml.SafeLoader)'],
    ['src/a.py', 'yaml = ruamel.yaml.YAML()\nx = yaml.load(stream)'],
    ['src/a.js', "function f(t) {\n  const q = 'SELECT a FROM ' + t + ' WHERE b = $1';\n  db.query(q, [1]);\n}"],
    ['db/migrate/1.rb', 'execute("DELETE FROM a WHERE id=#{id}")'],
    ['src/a.js', 'const stage = sha1(passwordSha);'],
    ['src/a.rb', 'VERIFY_NONE = 0\nmode = MiniSSL::VERIFY_NONE'],
    [
      'src/a.go',
      'package a\nvar c = tls.Config{\n\tClientAuth: tls.RequestClientCert,\n\tInsecureSkipVerify: true,\n}',
    ],
    // An error that was meant.
    ['src/a.ts', 'try { socket.close(); } catch {}\ntry { fs.unlinkSync(path); } catch (e) {}\ndone();'],
    ['src/a.ts', 'stream.cancel().catch(() => {});'],
    [
      'src/A.java',
      'class A { void f() { try { if (s != null) { s.close(); s = null; } } catch (IOException e) { } b(); } }',
    ],
    ['setup.py', 'exec(open("version.py").read())'],
    ['src/servertest/a.go', 'package a\nvar c = tls.Config{InsecureSkipVerify: true}'],
    ['src/a.env', 'DSN=http://000000000:00000000000@sentry.acme.io/0'],
    ['src/A.java', 'class A { void f() { try { a(); } catch (IOException ignored) { } b(); } }'],
    ['src/A.java', 'class A { void f() { try { a(); } catch (NumberFormatException e) { } b(); } }'],
    ['src/a.ts', 'function f() { try { return new URL(text).hostname; } catch {} }'],
    ['src/a.cs', 'class A { bool F() { try { return G(); } catch (Exception) { } return false; } }'],
    ['src/a.cs', 'class A { void F() { try { s = G(); } catch (Exception) { } if (s == null) H(); } }'],
    ['src/a.ts', 'try {\n  // Throws where there is none.\n  a();\n} catch {}\nb();'],
    ['src/a.py', 'try:\n    x = a()\nexcept Exception:\n    pass\nelse:\n    b(x)\n'],
    ['src/a.js', "try { localStorage.x = '1'; } catch (e) {}\nb();"],
  ])('in %s: %s', async (path, text) => {
    expect(await rulesOf(path, text)).toEqual([]);
  });
});

describe('what is judged more mildly', () => {
  const severitiesOf = async (path: string, text: string) => {
    const file = { path, text, bytes: text.length };
    const measured = await measureFile(file, reader, 1_000_000);
    return [...(measured ? judgeFile(measured) : []), ...judgeSecrets(file)].map(({ severity }) => severity);
  };

  test.each([
    [
      'a check that a setting turns off',
      'src/a.go',
      'package a\nfunc f() {\n\tif o.Insecure {\n\t\tc.InsecureSkipVerify = true\n\t}\n}',
      'low',
    ],
    [
      'one that is named as an option',
      'src/a.go',
      'package a\nfunc f() {\n\tswitch x {\n\tcase "tls_insecure":\n\t\tg()\n\t\tc.InsecureSkipVerify = true\n\t}\n}',
      'low',
    ],
    ['a password in a document', 'README.md', "password: 'Zk39dLq81xPw02mVb7'", 'low'],
    ['a password in an example', 'examples/a.ts', "const password = 'Zk39dLq81xPw02mVb7';", 'low'],
    ['a token of an issuer in a document, a step', 'README.md', `token: ${KEY}`, 'high'],
    ['a read object of Java', 'src/A.java', 'class A { Object f() { return new ObjectInputStream(in); } }', 'medium'],
  ])('%s', async (_, path, text, severity) => {
    expect(await severitiesOf(path, text)).toEqual([severity]);
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
