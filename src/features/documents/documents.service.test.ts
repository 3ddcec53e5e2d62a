import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';
import { deleteParts } from './original.store.ts';

const never = new AbortController().signal;

describe.each(testDatabases())('documents on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let app: TestDocuments;
  let somebody: Principal;

  beforeAll(async () => {
    db = await open();
    app = await startDocuments(db.database);
    somebody = principalIn(await makeTenant(db.database));
  });
  afterAll(async () => {
    await app.stop();
    await db.close();
  });

  async function* pieces(...blocks: readonly string[]) {
    for (const block of blocks) yield Buffer.from(block);
  }
  const upload = (filename: string, bytes: AsyncIterable<Uint8Array>, metadata = {}) =>
    app.documents.service.upload(somebody, {
      files: [{ documentId: newId(), filename, contentType: 'text/plain', bytes }],
      about: async () => ({ metadata }),
    });

  test('keeps the original, whatever the pieces were in which it came', async () => {
    const block = 'x'.repeat(700_000);
    const [created] = await upload('big.txt', pieces(block, 'y', block, block));
    expect(created).toMatchObject({ size_bytes: 2_100_001, filename: 'big.txt', title: 'big.txt', status: 'queued' });
    const original = await app.documents.service.original(somebody, created?.id ?? '');
    const parts = await Array.fromAsync(original.bytes);
    expect(Buffer.concat(parts).toString()).toBe(`${block}y${block}${block}`);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(1024 * 1024);
  });

  test('an original that goes away while it is sent does not pass for a whole one', async () => {
    const block = 'x'.repeat(1024 * 1024);
    const [created] = await upload('gone.txt', pieces(block, block, block));
    const id = created?.id ?? '';
    const { bytes } = await app.documents.service.original(somebody, id);
    expect((await bytes.next()).done).toBe(false);
    await inTenant(db.database, somebody.tenant, (trx) => deleteParts(trx, id, 10));
    await expect(Array.fromAsync(bytes)).rejects.toThrow('went away');
  });

  test('refuses a file that is empty or too large, and keeps nothing of it', async () => {
    const before = (await app.documents.service.list(somebody, { limit: 100 })).data.length;
    await expect(upload('empty.txt', pieces())).rejects.toThrow('The file empty.txt is empty.');
    const tooMuch = pieces(...Array.from({ length: 6 }, () => 'z'.repeat(1_000_000)));
    await expect(upload('huge.txt', tooMuch)).rejects.toThrow('The file huge.txt is larger than 5 MiB.');
    async function* cutOff() {
      yield Buffer.from('begun');
      throw new Error('the client went away');
    }
    await expect(upload('cut.txt', cutOff())).rejects.toThrow('the client went away');
    expect((await app.documents.service.list(somebody, { limit: 100 })).data).toHaveLength(before);
  });

  test('of several files in one request, all become documents or none', async () => {
    const file = (filename: string, text: string) => ({
      ...{ documentId: newId(), filename, contentType: 'text/plain' },
      bytes: pieces(text),
    });
    const about = async () => ({ metadata: { batch: newId() } });
    const files = [file('one.txt', 'One.'), file('two.txt', 'Two.')];
    expect(await app.documents.service.upload(somebody, { files, about })).toHaveLength(2);
    const broken = [file('three.txt', 'Three.'), file('four.txt', '')];
    await expect(app.documents.service.upload(somebody, { files: broken, about })).rejects.toThrow('four.txt is empty');
    const titles = (await app.documents.service.list(somebody, { limit: 100 })).data.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(['one.txt', 'two.txt']));
    expect(titles).not.toContain('three.txt');
  });

  test('lists newest first, page by page, by status and source', async () => {
    const reader = principalIn(await makeTenant(db.database));
    for (const title of ['a', 'b', 'c', 'd', 'e']) await app.add(reader, title, `Text ${title}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.documents.service.list(reader, { limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.data.map(({ title }) => title));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect((await app.documents.service.list(reader, { status: 'ready' })).data).toHaveLength(5);
    expect((await app.documents.service.list(reader, { status: 'failed' })).data).toEqual([]);
    expect((await app.documents.service.list(reader, { source_id: newId() })).data).toEqual([]);
    for (const broken of ['x', Buffer.from('["yesterday","1"]').toString('base64url')]) {
      await expect(app.documents.service.list(reader, { cursor: broken })).rejects.toThrow('cursor is not a cursor');
    }
  });

  test('gives any stretch of the text', async () => {
    const text = Array.from({ length: 30_000 }, (_, index) => `word${index}`).join(' ');
    const id = await app.add(somebody, 'long', text);
    const content = (range: { start?: number; end?: number }) => app.documents.service.content(somebody, id, range);
    const whole = await content({ end: 200_000 });
    expect(whole).toMatchObject({ start: 0, end: 200_000, length: text.length });
    for (const [start, end] of [
      [0, 10],
      [32_760, 32_780],
      [65_536, 98_305],
      [text.length - 5, text.length + 5],
      [text.length + 1, text.length + 2],
      [50, 40],
    ] as const) {
      expect((await content({ start, end })).text).toBe(text.slice(start, Math.max(start, end)));
    }
    expect((await content({})).text).toHaveLength(20_000);
  });

  test('a member changes own documents, an admin any', async () => {
    const { tenant } = somebody;
    const [one, two] = [await app.add(somebody, 'mine', 'First.'), await app.add(somebody, 'mine too', 'Second.')];
    const other = principalIn(tenant);
    await expect(app.documents.service.remove(other, one)).rejects.toMatchObject({
      definition: { code: 'ERR_DOCUMENT_002' },
    });
    await expect(app.documents.service.retry(other, one)).rejects.toMatchObject({
      definition: { code: 'ERR_DOCUMENT_002' },
    });
    expect(await app.documents.service.get(other, one)).toMatchObject({ title: 'mine' });
    await app.documents.service.remove(somebody, one);
    await app.documents.service.remove(principalIn(tenant, { role: 'admin' }), two);
    await expect(app.documents.service.remove(somebody, one)).rejects.toMatchObject({
      definition: { code: 'ERR_DOCUMENT_001' },
    });
  });

  test('a neighbour’s document is not there, for an owner neither', async () => {
    const id = await app.add(somebody, 'private', 'The neighbour must not read this.');
    const { hits } = await app.documents.search(somebody.tenant, { query: 'neighbour' }, never);
    const neighbour = principalIn(await makeTenant(db.database), { role: 'owner' });
    const { service } = app.documents;
    const absent = { definition: { code: 'ERR_DOCUMENT_001' } };
    await expect(service.get(neighbour, id)).rejects.toMatchObject(absent);
    await expect(service.content(neighbour, id, {})).rejects.toMatchObject(absent);
    await expect(service.original(neighbour, id)).rejects.toMatchObject(absent);
    await expect(service.remove(neighbour, id)).rejects.toMatchObject(absent);
    await expect(service.retry(neighbour, id)).rejects.toMatchObject(absent);
    await expect(service.chunk(neighbour, hits[0]?.id ?? '')).rejects.toMatchObject({
      definition: { code: 'ERR_DOCUMENT_003' },
    });
    expect((await service.list(neighbour, {})).data).toEqual([]);
    expect((await app.documents.sources.list(neighbour, {})).data).toEqual([]);
    expect((await service.get(somebody, id)).status).toBe('ready');
  });
});
