import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import type { Principal } from '../../identity/index.ts';
import type { FolderProgress } from './ingest-folder.ts';

const signal = new AbortController().signal;

/** Who may do everything, as in a container, cannot make a folder that may not be read. */
const locked = vi.hoisted(() => ({ path: '' }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const opendir = async (path: string) => {
    if (path === locked.path) throw Object.assign(new Error('no permission'), { code: 'EACCES' });
    return real.opendir(path);
  };
  return { ...real, opendir };
});

describe.each(testDatabases())('a folder on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestDocuments;
  let somebody: Principal;
  let folder: string;

  beforeAll(async () => {
    db = await open();
    app = await startDocuments(db.database);
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });
  beforeEach(async () => {
    somebody = principalIn(await makeTenant(db.database));
    folder = await mkdtemp(join(tmpdir(), 'parley-folder-'));
    return () => rm(folder, { recursive: true });
  });

  async function write(files: Record<string, string | Buffer>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  }
  const progress: FolderProgress[] = [];
  const ingest = (allowEmpty?: boolean) => {
    progress.length = 0;
    const more = allowEmpty === undefined ? {} : { allowEmpty };
    const context = { tenant: somebody.tenant, userId: somebody.userId, signal, ...more };
    return app.documents.ingestFolder(context, folder, (step) => progress.push(step));
  };
  const paths = async () => {
    const { data } = await app.documents.service.list(somebody, { limit: 100, status: 'ready' });
    return data.map(({ path }) => path).sort();
  };

  test('becomes documents, and later what has changed in it', async () => {
    await write({ 'a.md': '# Alpha\n\nAbout apples.', 'b.txt': 'About bananas.', 'deep/er/c.txt': 'About cherries.' });
    expect(await ingest()).toMatchObject({ ready: 3, unchanged: 0, removed: 0, failed: [] });
    expect(await paths()).toEqual(['a.md', 'b.txt', 'deep/er/c.txt']);
    expect(progress.map(({ done, total }) => [done, total]).at(-1)).toEqual([3, 3]);
    expect(await app.find(somebody, 'apple')).toEqual(['Alpha']);

    expect(await ingest()).toMatchObject({ ready: 0, unchanged: 3, removed: 0 });

    await write({ 'a.md': '# Alpha\n\nAbout apricots.', 'd.txt': 'About dates.' });
    await rm(join(folder, 'b.txt'));
    await rename(join(folder, 'deep/er/c.txt'), join(folder, 'c.txt'));
    expect(await ingest()).toMatchObject({ ready: 3, unchanged: 0, removed: 2 });
    expect(await paths()).toEqual(['a.md', 'c.txt', 'd.txt']);
    expect(await app.find(somebody, 'apple')).toEqual([]);
    expect(await app.find(somebody, 'banana')).toEqual([]);
    expect(await app.find(somebody, 'apricot')).toEqual(['Alpha']);
  });

  test('keeps the old version searchable when the new one cannot be read', async () => {
    await write({ 'a.txt': 'About apples.' });
    await ingest();
    await write({ 'a.txt': '' });
    expect((await ingest()).failed).toEqual([
      { path: 'a.txt', code: 'ERR_DOCUMENT_012', detail: 'The file a.txt is empty.' },
    ]);
    expect(await app.find(somebody, 'apple')).toEqual(['a.txt']);
    await write({ 'a.txt': 'About pears.' });
    expect(await ingest()).toMatchObject({ ready: 1, failed: [] });
    expect(await app.find(somebody, 'apple')).toEqual([]);
    expect((await app.documents.service.list(somebody, {})).data).toHaveLength(1);
  });

  test('a broken file fails alone, and is not tried again until it changes', async () => {
    const broken = Buffer.from('%PDF-1.7\nthis is not a PDF');
    await write({ 'broken.pdf': broken, 'good.txt': 'About grapes.' });
    const report = await ingest();
    expect(report).toMatchObject({ ready: 1, failed: [{ path: 'broken.pdf' }] });
    expect(report.failed[0]?.code).toMatch(/^ERR_INGESTION_00\d$/);
    expect(await app.find(somebody, 'grape')).toEqual(['good.txt']);
    const again = await ingest();
    expect(again).toMatchObject({ ready: 0, unchanged: 1, failed: report.failed });
    await write({ 'broken.pdf': 'Mended.' });
    expect(await ingest()).toMatchObject({ ready: 1, unchanged: 1, failed: [] });
  });

  test('what was read of a folder below that may not be read any more is kept, and the report names it', async () => {
    await write({
      'a.txt': 'About apples.',
      'b/c/d.txt': 'About dates.',
      'b/e.txt': 'About elderberries.',
      'b/c2': 'x',
    });
    await ingest();
    locked.path = join(await realpath(folder), 'b/c');
    await rm(join(folder, 'b/c2'));
    const report = await ingest();
    locked.path = '';
    expect(report).toMatchObject({ unchanged: 2, removed: 1, failed: [{ path: 'b/c', code: 'ERR_INGESTION_011' }] });
    expect(await paths()).toEqual(['a.txt', 'b/c/d.txt', 'b/e.txt']);
    expect(await app.find(somebody, 'date')).toEqual(['d.txt']);
    expect(await ingest()).toMatchObject({ unchanged: 3, removed: 0, failed: [] });
  });

  test('that has nothing any more, as where its disk is not mounted, keeps what was read, unless it is allowed to', async () => {
    expect(await ingest()).toMatchObject({ ready: 0, removed: 0, kept: 0 });
    await write({ 'a.txt': 'About apples.', 'b/c.txt': 'About cherries.' });
    await ingest();
    await rm(join(folder, 'a.txt'));
    await rm(join(folder, 'b'), { recursive: true });
    expect(await ingest()).toMatchObject({ ready: 0, unchanged: 0, removed: 0, kept: 2, failed: [] });
    await write({ '.hidden': 'x', 'photo.png': 'x' });
    expect(await ingest()).toMatchObject({ removed: 0, kept: 2 });
    expect(await paths()).toEqual(['a.txt', 'b/c.txt']);
    expect(await app.find(somebody, 'cherry')).toEqual(['c.txt']);
    expect(await ingest(true)).toMatchObject({ removed: 2, kept: 0 });
    expect(await paths()).toEqual([]);
    expect(await app.find(somebody, 'cherry')).toEqual([]);
  });

  test('leaves out what is hidden, pictures, and everything behind symbolic links', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'parley-outside-'));
    await writeFile(join(outside, 'secret.txt'), 'A secret about quinces.');
    await write({ 'plain.txt': 'About plums.', '.env': 'KEY=quince', '.git/config': 'quince', 'photo.png': 'quince' });
    await symlink(join(outside, 'secret.txt'), join(folder, 'link.txt'));
    await symlink(outside, join(folder, 'linked'));
    await symlink(folder, join(folder, 'loop'));
    expect(await ingest()).toMatchObject({ ready: 1, failed: [] });
    expect(await paths()).toEqual(['plain.txt']);
    expect(await app.find(somebody, 'quince')).toEqual([]);
    await rm(outside, { recursive: true });
  });

  test('goes on where a run that was killed had stopped', async () => {
    await write({ 'a.txt': 'About apples.' });
    const context = { tenant: somebody.tenant, userId: null, signal };
    const stuck = await startDocuments(db.database, { extract: () => Promise.reject(new Error('killed')) });
    await stuck.documents.ingestFolder(context, folder);
    await stuck.stop();
    expect(await ingest()).toMatchObject({ ready: 1, failed: [] });
    expect(await paths()).toEqual(['a.txt']);
  });

  test('an abort ends it', async () => {
    await write({ 'a.txt': 'About apples.' });
    const context = { tenant: somebody.tenant, userId: null, signal: AbortSignal.abort(new Error('enough')) };
    await expect(app.documents.ingestFolder(context, folder)).rejects.toThrow('enough');
  });

  test('a folder that is not there is said to be so', async () => {
    const context = { tenant: somebody.tenant, userId: null, signal };
    await expect(app.documents.ingestFolder(context, join(folder, 'nothing'))).rejects.toThrow('ENOENT');
  });

  test('is listed as a source, and goes with all its documents', async () => {
    await write({ 'a.txt': 'About apples.', 'b.txt': 'About bananas.' });
    const { sourceId } = await ingest();
    const { data } = await app.documents.sources.list(somebody, {});
    expect(data).toMatchObject([{ id: sourceId, kind: 'folder', document_count: 2 }]);
    expect(JSON.stringify(data)).not.toContain(tmpdir());
    const filter = { source_ids: [sourceId] };
    expect(await app.find(somebody, 'apple', { filter })).toEqual(['a.txt']);
    await app.documents.sources.remove(somebody, sourceId);
    expect(await app.find(somebody, 'apple')).toEqual([]);
    expect((await app.documents.sources.list(somebody, {})).data).toEqual([]);
    await app.documents.purge(somebody.tenant, signal);
    expect((await app.documents.service.list(somebody, {})).data).toEqual([]);
  });
});
