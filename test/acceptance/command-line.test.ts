import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { runParley } from '../support/command.ts';
import { type CommandsInTurn, commandsInTurn } from '../support/commands-in-turn.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { installInto, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { makeTenant } from '../support/tenants.ts';

/** Each starts programs, on a machine that may be busy with others. */
const PATIENT = { timeout: 240_000 };
const SECRET_KEY = 'a secret of the tests, forty characters long';

describe('parley ask', PATIENT, () => {
  let folder: string;
  let data: string;
  let commands: CommandsInTurn;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-docs-'));
    data = await mkdtemp(join(tmpdir(), 'parley-data-'));
    await writeFile(
      join(folder, 'turbine.md'),
      '# Zephyr\n\n## Output\n\nThe Zephyr turbine produces 42 megawatts. It stands near Skagen.\n',
    );
    await writeFile(join(folder, 'broken.pdf'), '%PDF-1.7 and then nothing of a PDF');
    commands = commandsInTurn({ DATA_DIR: data });
  });
  afterAll(async () => {
    await commands[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await rm(data, { recursive: true });
  });
  const asking = (question: string, ...more: string[]) => ['ask', question, '--docs', folder, ...more];
  const ask = (question: string, ...more: string[]) => commands.run(asking(question, ...more));

  test('answers with numbered citations that name file and heading; a broken file fails alone, with its reason', async () => {
    // As in a terminal; the others save the start. `--fresh`: whatever was read before.
    const question = 'How many megawatts does the Zephyr turbine produce?';
    const { code, out, err } = await runParley(asking(question, '--fresh'), { DATA_DIR: data });
    expect(out).toContain('42 megawatts');
    expect(out).toMatch(/\[1\] turbine\.md – Zephyr › Output/);
    expect(err).toMatch(/Not read: broken\.pdf – /);
    expect(code).toBe(0);
  });

  test('gives programs one JSON object, and reads no file twice', async () => {
    const { code, out, err } = await ask('Where does the Zephyr turbine stand?', '--json');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      question: 'Where does the Zephyr turbine stand?',
      status: 'completed',
      model: 'extractive',
      answer: expect.stringContaining('Skagen'),
      citations: [{ number: 1, file: 'turbine.md', heading_path: ['Zephyr', 'Output'], supported: true }],
      documents: { ready: 0, unchanged: 1, failed: [{ path: 'broken.pdf' }] },
    });
  });

  test('says so when the documents have nothing, instead of inventing', async () => {
    const { out } = await ask('Who won the football world cup of 1954?', '--json');
    expect(JSON.parse(out)).toMatchObject({ status: 'completed', citations: [] });
  });

  test('names a folder that is not there', async () => {
    const { code, err } = await commands.run(['ask', 'x', '--docs', '/nowhere/at/all']);
    expect(err).toContain('There is no folder "/nowhere/at/all"');
    expect(code).toBe(64);
  });
});

describe('parley reset-password', PATIENT, () => {
  test('gives who lost it a new password, and an unknown address a clear answer', async () => {
    const data = await mkdtemp(join(tmpdir(), 'parley-data-'));
    const settings = { ...RAISED_LIMITS, DATA_DIR: data };
    const lost = await installInto(data);
    const reset = await runParley(['reset-password', lost.email], settings);
    const password = /^ {2}(\S+)$/m.exec(reset.out)?.[1] ?? '';
    const unknown = await runParley(['reset-password', 'nobody@example.com'], settings);
    const parley = startParley(settings);
    const address = await parley.address();
    await expect(ApiClient.login(address, lost)).rejects.toThrow('401');
    await ApiClient.login(address, { email: lost.email, password });
    await parley.stop();
    await rm(data, { recursive: true });
    expect(unknown.err).toContain('There is no account with the e-mail address "nobody@example.com"');
    expect(unknown.code).toBe(1);
  });
});

describe('parley env', PATIENT, () => {
  test('lists every fault at once, with its fix, and ends with 2', async () => {
    const { code, out } = await runParley(['env'], {
      ENVIRONMENT: 'production',
      PORT: 'x',
      DEBUG: 'true',
      ALLOWED_ORIGINS: '*',
    });
    for (const fault of [
      'PORT must be',
      'ALLOWED_ORIGINS must not be *',
      'SECRET_KEY is required',
      'DEBUG must be false',
    ]) {
      expect(out).toContain(fault);
    }
    expect(out).toMatch(/^\d+ validation\(s\) failed$/m);
    expect(code).toBe(2);
  });

  test('goes through five steps, also by scripts/verify-env.sh', async () => {
    const data = await mkdtemp(join(tmpdir(), 'parley-data-'));
    const { code, out } = await runParley([], { DATA_DIR: data }, '', ['bash', 'scripts/verify-env.sh']);
    for (const step of ['1/5 Settings', '2/5 Versions', '3/5 Tools', '4/5 Database', '5/5 Project'])
      expect(out).toContain(step);
    expect(out).toContain(`embedded, in ${data}`);
    expect(out).toMatch(/^All validations passed$/m);
    expect(code).toBe(0);
    await rm(data, { recursive: true });
  });

  test('tells of a database that does not answer, and of one that is not migrated', async () => {
    const away = await runParley(['env'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(away.out).toContain('FAILED  The database does not answer (ECONNREFUSED). Check DATABASE_URL.');
    expect(away.code).toBe(2);
    const kind = testDatabases().find((each) => each.kind === 'server');
    if (!kind) return;
    const db = await kind.open();
    onTestFinished(() => db.close());
    const settings = { DATABASE_URL: db.url ?? '' };
    const well = await runParley(['env'], { ...settings, DATABASE_DIRECT_URL: db.url ?? '' });
    expect(well.out).toMatch(/ok +\d+ migrations are applied/);
    expect(well.out).toContain('ok      DATABASE_DIRECT_URL is the same database, directly');
    expect(well.code).toBe(0);
    await sql`DELETE FROM platform.schema_migration
      WHERE id = (SELECT max(id) FROM platform.schema_migration)`.execute(db.database.db);
    const pending = await runParley(['env'], settings);
    expect(pending.out).toContain('1 migration(s) are pending: npx parley migrate up');
    expect(pending.code).toBe(2);
  });
});

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'parley migrate on the $kind database',
  PATIENT,
  ({ open }) => {
    let db: TestDatabase;
    let settings: Record<string, string>;
    let commands: CommandsInTurn;

    beforeAll(async () => {
      db = await open();
      await makeTenant(db.database, 'Acme');
      settings = { DATABASE_URL: db.url ?? '', SECRET_KEY };
      commands = commandsInTurn(settings);
    });
    afterAll(async () => {
      await commands[Symbol.asyncDispose]();
      await db.close();
    });

    test('status and up say what is there, schema by schema', async () => {
      const status = await runParley(['migrate', 'status'], settings);
      expect(status.out).toMatch(/^platform: \d+ applied\ntenant_acme: \d+ applied\n$/);
      expect(status.code).toBe(0);
      const up = await commands.run(['migrate', 'up']);
      expect(up.out).toBe('platform: up to date\ntenant acme: up to date\n');
    });

    test('usage shows a tenant with its budgets, and a key of its own is set by standard input and never shown', async () => {
      const usage = await commands.run(['usage', '--tenant', 'acme']);
      expect(usage.out).toMatch(/^What acme used from \d{4}-\d\d-01 to /);
      expect(usage.out).toMatch(/^tenant +day +hard +installation +10\.0000 +0\.0000 +0\.0000$/m);
      const all = JSON.parse((await commands.run(['usage', '--json'])).out);
      expect(all).toMatchObject({ data: [], total: { calls: 0, cost_usd: 0 } });
      const wrong = await commands.run(['usage', '--from', 'yesterday']);
      expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('--from must be a day')]);

      const key = 'sk-of-acme-alone-4242';
      const set = await runParley(['tenant', 'key', 'acme', 'openai'], settings, `${key}\n`);
      expect(set.out).toBe('The tenant acme asks openai with a key of its own.\n');
      const keys = await commands.run(['tenant', 'keys', 'acme']);
      expect(keys.out).toMatch(/^openai\t…4242 since \S+\thttps:\/\/api\.openai\.com\/v1$/m);
      expect(set.out + set.err + keys.out).not.toContain(key);
      const none = await runParley(['tenant', 'key', 'acme', 'openai'], settings);
      expect(none.err).toContain('Give the key by standard input');
    });

    test('down takes the last one back, the server refuses to serve without it, and up brings it again', async () => {
      const down = await commands.run(['migrate', 'down', '--schema', 'tenant_acme']);
      expect(down.out).toMatch(/^tenant_acme: took back \d{4}_/);
      const serve = await runParley(['serve'], { ...settings, PORT: '0' });
      expect(serve.err).toContain('Schema tenant_acme lacks 1 migration(s)');
      expect(serve.err).toContain('Run: npx parley migrate up');
      expect(serve.code).toBe(78);
      const tenant = await commands.run(['migrate', 'tenant', 'acme']);
      expect(tenant.out).toMatch(/^tenant acme: applied \d{4}_/);
    });

    test.each([
      [
        'newer',
        sql`INSERT INTO platform.schema_migration (id, checksum) VALUES ('9999_tomorrow', 'x')`,
        'newer version',
      ],
      ['changed', sql`UPDATE platform.schema_migration SET checksum = 'x' WHERE id = '0000_tenancy'`, 'was changed'],
    ])('the server refuses a %s database', async (_name, change, reason) => {
      const before = await sql<{
        id: string;
        checksum: string;
      }>`SELECT id, checksum FROM platform.schema_migration`.execute(db.database.db);
      await change.execute(db.database.db);
      try {
        const serve = await runParley(['serve'], { ...settings, PORT: '0' });
        expect(serve.err).toContain(reason);
        expect(serve.code).toBe(78);
      } finally {
        await sql`DELETE FROM platform.schema_migration`.execute(db.database.db);
        for (const { id, checksum } of before.rows) {
          await sql`INSERT INTO platform.schema_migration (id, checksum) VALUES (${id}, ${checksum})`.execute(
            db.database.db,
          );
        }
      }
    });

    test('an unknown tenant is said to be unknown', async () => {
      const { code, err } = await commands.run(['migrate', 'tenant', 'nobody']);
      expect(err).toContain('There is no tenant "nobody"');
      expect(code).toBe(1);
    });
  },
);
