import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { runParley } from '../support/command.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { installInto, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { STORY } from '../support/story.ts';

/** One installation after its first start: backed up, restored elsewhere, moved to a server. */
describe('an embedded installation', STORY, () => {
  let folder: string;
  let settings: Record<string, string>;
  let credential: { email: string; password: string };
  let server: TestDatabase | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-test-operate-'));
    const dataDir = join(folder, 'data');
    credential = await installInto(dataDir);
    // The secret that its first start made and kept: the other machine is given it.
    const secret = (await readFile(join(dataDir, 'secret'), 'utf8')).trim();
    settings = { ...RAISED_LIMITS, SECRET_KEY: secret, DATA_DIR: dataDir, BACKUP_STORAGE: join(folder, 'backups') };
  }, 240_000);
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const loginAt = async (more: Record<string, string>) => {
    const process = startParley({ ...settings, ...more });
    const client = await ApiClient.login(await process.address(), credential);
    const { data } = await client.get<{ data: unknown[] }>('/v1/documents');
    await process.stop();
    return data.length;
  };

  test('is backed up, and restored on another machine: whoever could log in still can', async () => {
    const made = await runParley(['backup', '--verify'], settings);
    expect(made.err).toBe('');
    expect(made.out).toMatch(/The backup (\S+) is in .*backups: .* made in [\d.]+ s/);
    expect(made.out).toMatch(/was restored and compared: \d+ rows, all the same \(RTO: [\d.]+ s\)/);
    expect(made.out).toContain('It is sealed with a key that follows from SECRET_KEY');
    expect(made.code).toBe(0);

    const there = { ...settings, DATA_DIR: join(folder, 'restored') };
    const restored = await runParley(['restore', 'latest'], there);
    expect(restored.err).toBe('');
    expect(restored.out).toMatch(/Restored and compared: 1 tenants, \d+ rows, all the same/);
    expect(restored.out).toMatch(/RTO: [\d.]+ s\. RPO: what was committed after .* is not in it/);
    expect(await loginAt({ DATA_DIR: join(folder, 'restored') })).toBeGreaterThan(0);
  }, 240_000);

  test('moves to a server without loss, and is not served from the old place any more', async () => {
    const kind = testDatabases().find((each) => each.kind === 'server');
    if (!kind) return;
    server = await kind.open();
    const there = { ...settings, DATABASE_URL: server.url ?? '' };
    const moved = await runParley(['promote'], there);
    expect(moved.err).toBe('');
    expect(moved.out).toMatch(/Moved and compared: 1 tenants, \d+ tables, \d+ rows/);
    expect(moved.code).toBe(0);
    const old = await runParley(['serve'], settings);
    expect(old.err).toContain('was moved to a server: set DATABASE_URL');
    expect(old.code).toBe(78);
    expect(await loginAt(there)).toBeGreaterThan(0);
  }, 240_000);
});
