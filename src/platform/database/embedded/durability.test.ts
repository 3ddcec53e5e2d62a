import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from './open-embedded-database.ts';
import { startChild } from './test-processes/child.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-durability-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isNumber = (line: string) => /^\d+$/.test(line);

describe('a process killed in mid-write', () => {
  const ROUNDS = 4;

  async function killAfter(pairs: number): Promise<number> {
    const writer = startChild('write-rows.ts', [folder]);
    await writer.until((lines) => lines.filter(isNumber).length >= pairs);
    await writer.kill('SIGKILL');
    return Number(writer.lines.filter(isNumber).at(-1));
  }

  async function readPairs(): Promise<{ last: number; halves: number; gaps: number }> {
    const database = await openEmbeddedDatabase({ dataDir: folder });
    const { rows } = await database.execute(`
      SELECT coalesce(max(number), 0) AS last, count(*) AS halves,
        coalesce(max(number), 0) - count(DISTINCT number) AS gaps FROM pair`);
    await database.close();
    return rows[0] as { last: number; halves: number; gaps: number };
  }

  it(`loses no acknowledged commit and keeps no half of one, ${ROUNDS} times over`, { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await killAfter(50 + 37 * round);
      const { last, halves, gaps } = await readPairs();
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      // At most the one commit that was in flight was not acknowledged.
      expect(last).toBeLessThanOrEqual(acknowledged + 1);
      expect({ halves, gaps }).toEqual({ halves: last * 2, gaps: 0 });
    }
  });
});

describe('a commit', () => {
  it('makes one fsync, and is acknowledged after it', { timeout: 180_000 }, async () => {
    const counter = fileURLToPath(new URL('./test-processes/count-fsync.ts', import.meta.url));
    const writer = startChild('write-rows.ts', [folder, '20'], ['--import', counter]);
    await writer.ended;
    const start = writer.lines.indexOf('ready');
    const end = writer.lines.indexOf('20');
    const commits = writer.lines.slice(start + 1, end + 1);
    expect(commits).toEqual(Array.from({ length: 20 }, (_, index) => ['fsync', String(index + 1)]).flat());
  });
});

describe('a dump', () => {
  it('starts another database with the same content, on disk and in memory', async () => {
    const original = await openEmbeddedDatabase({ dataDir: folder });
    await original.execute("CREATE ROLE reader; CREATE TABLE t (v vector(2)); INSERT INTO t VALUES ('[1,2]')");
    const dump = await original.dump();
    await original.execute("INSERT INTO t VALUES ('[3,4]')");
    for (const dataDir of [join(folder, 'copy'), null]) {
      const copy = await openEmbeddedDatabase({ dataDir, dump });
      expect((await copy.execute('SELECT v FROM t')).rows).toEqual([{ v: '[1,2]' }]);
      await copy.execute('SET ROLE reader; RESET ROLE');
      await copy.close();
    }
    expect((await original.execute('SELECT count(*) AS count FROM t')).rows).toEqual([{ count: 2 }]);
    await original.close();
  });
});

describe('the write-ahead log', () => {
  const megabytes = () =>
    readdirSync(join(folder, 'postgres', 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).length * 16;

  it('is cut by itself while it grows', { timeout: 180_000 }, async () => {
    const database = await openEmbeddedDatabase({
      dataDir: folder,
      maintenance: { interval: 20, quietWal: 16 * 2 ** 20, mostWal: 16 * 2 ** 20 },
    });
    for (let written = 0; written < 160; written += 4) {
      await database.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 4000000))");
    }
    expect(megabytes()).toBeLessThan(120);
    await database.close();
  });

  it('grows without it, so that the test above can fail', { timeout: 180_000 }, async () => {
    const database = await openEmbeddedDatabase({ dataDir: folder, maintenance: { interval: 3_600_000 } });
    for (let written = 0; written < 160; written += 4) {
      await database.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 4000000))");
    }
    expect(megabytes()).toBeGreaterThan(150);
    await database.maintain();
    expect(megabytes()).toBeLessThan(120);
    await database.close();
  });
});
