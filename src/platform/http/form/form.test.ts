import { readdir, readlink } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import fastifyMultipart from '@fastify/multipart';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createHttpServer } from '../server.ts';
import type { FormPart } from './read-form.ts';
import { receiveForm } from './receive-form.ts';
import { openSpool } from './spool.ts';

const FILE_BYTES = 2 * 1024 * 1024;
const FIELD_BYTES = 8 * 1024;
const FILES = 3;
const BOUNDARY = 'the-boundary';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

let app: App;
let port: number;
beforeAll(async () => {
  app = createHttpServer({
    log: pino({ enabled: false }),
    bodyLimit: FIELD_BYTES,
    requestTimeout: 60_000,
    trustedProxies: [],
    rewriteUrl: ({ url }) => url ?? '/',
  });
  await app.register(fastifyMultipart);
  app.post('/form', { config: { access: 'public' } }, async (request) =>
    receiveForm(request, { fileBytes: FILE_BYTES, files: FILES }, said),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(() => app.close());

async function said(parts: AsyncIterable<FormPart>): Promise<object[]> {
  const all: object[] = [];
  for await (const part of parts) {
    if (part.kind === 'field' && part.name === 'stop') throw new Error('The work stops here.');
    if (part.kind === 'field') all.push(part);
    else all.push({ ...part, bytes: (await text(part.bytes)).length });
  }
  return all.map((part) => ({ ...part, start: undefined, end: undefined, hash: undefined }));
}

type Part = { name?: string; filename?: string; type?: string; header?: string; value: string };
const field = (name: string, value: string): Part => ({ name, value });
const file = (value: string, filename = 'a.txt'): Part => ({ name: 'file', filename, value });

function formOf(parts: readonly Part[]): string {
  const written = parts.map(({ name, filename, type, header, value }) => {
    const about = [
      `Content-Disposition: form-data${name === undefined ? '' : `; name="${name}"`}${filename === undefined ? '' : `; filename="${filename}"`}`,
      ...(type ? [`Content-Type: ${type}`] : []),
      ...(header ? [header] : []),
    ];
    return `--${BOUNDARY}\r\n${about.join('\r\n')}\r\n\r\n${value}\r\n`;
  });
  return `${written.join('')}--${BOUNDARY}--\r\n`;
}

/** Temporary files that are open in this process, with a name or without. */
async function openForms(): Promise<number> {
  const named = (await readdir(tmpdir())).filter((name) => name.startsWith('parley-form-')).length;
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return named + (await Promise.all(links)).filter((link) => link.includes('/parley-form-')).length;
}

describe.each([
  ['as it arrives', {}],
  ['kept until it is whole, for an Idempotency-Key', { 'idempotency-key': 'one' }],
])('a form, %s', (_how, key: Record<string, string>) => {
  const send = (payload: string, type = TYPE) =>
    app.inject({ method: 'POST', url: '/form', headers: { 'content-type': type, ...key }, payload });

  test('is read part by part, in its order, and nothing of it stays', async () => {
    const answer = await send(
      formOf([
        field('title', 'Ü'),
        file('x'.repeat(300_000)),
        { ...field('about', '{"a":[1]}'), type: 'application/json' },
      ]),
    );
    expect(answer.json()).toEqual([
      { kind: 'field', name: 'title', value: 'Ü' },
      { kind: 'file', name: 'file', filename: 'a.txt', contentType: 'text/plain', bytes: 300_000 },
      { kind: 'field', name: 'about', value: '{"a":[1]}' },
    ]);
    await expect.poll(openForms, { timeout: 30_000 }).toBe(0);
  });

  test('a file of the largest size fits; a larger one is cut one byte behind it, so that it is known', async () => {
    for (const [size, read] of [
      [FILE_BYTES, FILE_BYTES],
      [FILE_BYTES + 1, FILE_BYTES + 1],
      [FILE_BYTES + 100_000, FILE_BYTES + 1],
    ] as const) {
      expect((await send(formOf([file('x'.repeat(size))]))).json()).toMatchObject([{ bytes: read }]);
    }
    await expect.poll(openForms, { timeout: 30_000 }).toBe(0);
  });

  test.each<[string, string, number, string, string | null, RegExp]>([
    [
      'more files than may be',
      formOf(Array.from({ length: FILES + 1 }, () => file('x'))),
      413,
      '004',
      'file',
      /3 times at most/,
    ],
    [
      'more fields than may be',
      formOf(Array.from({ length: 21 }, (_, i) => field(`f${i}`, 'x'))),
      413,
      '004',
      'body',
      /20 fields/,
    ],
    [
      'more parts than may be',
      formOf([
        ...Array.from({ length: 20 }, (_, i) => field(`f${i}`, 'x')),
        file('x'),
        file('x'),
        file('x'),
        file('x'),
      ]),
      413,
      '004',
      'body',
      /3 files at most/,
    ],
    [
      'a field that is too long',
      formOf([field('title', 'x'.repeat(FIELD_BYTES + 1)), file('x')]),
      413,
      '004',
      'title',
      /8 KiB at most; shorten/,
    ],
    [
      'a field that is no JSON',
      formOf([{ ...field('about', '{'), type: 'application/json' }, file('x')]),
      422,
      '002',
      'about',
      /holds no JSON/,
    ],
    ['a name that every object has', formOf([field('constructor', 'x'), file('x')]), 422, '002', 'body', /rename it/],
    [
      'a file of such a name',
      formOf([{ name: '__proto__', filename: 'a', value: 'x' }]),
      422,
      '002',
      'body',
      /rename it/,
    ],
    ['a form without its end', formOf([file('x'.repeat(1_000))]).slice(0, -200), 400, '001', null, /cut off/],
    [
      'a field without its end',
      formOf([field('title', 'x'.repeat(1_000))]).slice(0, -200),
      400,
      '001',
      null,
      /cut off/,
    ],
    ['a form that ends in the head of a part', formOf([file('x')]).slice(0, 30), 400, '001', null, /cut off/],
    ['another boundary', formOf([file('x')]).replaceAll(BOUNDARY, 'another'), 400, '001', null, /boundary/],
  ])('%s is refused, and what is wrong is named', async (_what, payload, status, code, wrong, fix) => {
    const answer = await send(payload);
    expect([answer.statusCode, answer.json().code]).toEqual([status, `ERR_REQUEST_${code}`]);
    expect(answer.json().errors?.[0]?.field ?? null).toBe(wrong);
    expect(answer.json().detail).toMatch(fix);
    await expect.poll(openForms, { timeout: 30_000 }).toBe(0);
  });

  test.each([
    ['no boundary', 'multipart/form-data', 400, 'ERR_REQUEST_001'],
    ['a form of a page', 'application/x-www-form-urlencoded', 415, 'ERR_REQUEST_005'],
    ['another multipart', `multipart/mixed; boundary=${BOUNDARY}`, 415, 'ERR_REQUEST_005'],
  ])('with %s in its Content-Type is refused', async (_what, type, status, code) => {
    const answer = await send(formOf([file('x')]), type);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  test('parts without a name, and with a head of 100 KiB, do no harm', async () => {
    const parts = [
      { value: 'nameless' },
      { ...field('long', 'x'), header: `X-Long: ${'x'.repeat(100 * 1024)}` },
      file('x'),
    ];
    const answer = await send(formOf(parts));
    expect(answer.json().at(-1)).toMatchObject({ name: 'file', bytes: 1 });
    expect(answer.json()[0]).toMatchObject({ name: '(a part without a name)' });
  });

  test('whose sender goes away in the middle leaves nothing', async () => {
    const body = formOf([file('x'.repeat(1_000_000))]);
    const socket = connect(port, '127.0.0.1');
    const headers = Object.entries({ host: 'a', 'content-type': TYPE, 'content-length': body.length, ...key });
    socket.write(`POST /form HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    socket.write(body.slice(0, 500_000));
    if ('idempotency-key' in key) await expect.poll(openForms, { timeout: 30_000 }).toBe(1);
    socket.destroy();
    await expect.poll(openForms, { timeout: 30_000 }).toBe(0);
  });

  test('that is refused in its midst is answered, and its connection goes on', async () => {
    const body = formOf([field('stop', 'here'), file('x'.repeat(FILE_BYTES))]);
    const socket = connect(port, '127.0.0.1');
    const headers = Object.entries({ host: 'a', 'content-type': TYPE, 'content-length': body.length, ...key });
    const head = `POST /form HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
    let answers = '';
    socket.on('data', (bytes) => {
      answers += bytes.toString();
    });
    socket.write(head + body);
    await expect.poll(() => answers, { timeout: 30_000 }).toContain('HTTP/1.1 500');
    socket.write(head + body);
    await expect.poll(() => answers.split('HTTP/1.1 500').length, { timeout: 30_000 }).toBe(3);
    socket.destroy();
    await expect.poll(openForms, { timeout: 30_000 }).toBe(0);
  });
});

describe('a spool', () => {
  test('gives back what was written, from anywhere, and has no name that could stay', async () => {
    await using spool = await openSpool(1_000_000);
    await spool.write(Buffer.from('one'));
    await spool.write(Buffer.from('two'));
    expect(await text(spool.read(1, 5))).toBe('netw');
    expect(await text(spool.read(0, 3))).toBe('one');
    await expect.poll(openForms, { timeout: 30_000 }).toBe(1);
    const named = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('parley-form-'));
    await expect.poll(named, { timeout: 30_000 }).toEqual([]);
  });

  test('takes no more than all of them may have together, and gives its room back', async () => {
    const full = { definition: { code: 'ERR_SERVER_004' }, options: { headers: { 'retry-after': '5' } } };
    await using one = await openSpool(100);
    {
      await using other = await openSpool(100);
      await other.write(Buffer.alloc(60));
      await expect(one.write(Buffer.alloc(50))).rejects.toMatchObject(full);
    }
    await one.write(Buffer.alloc(100));
    await expect(one.write(Buffer.alloc(1))).rejects.toMatchObject(full);
  });

  test('files of a form with a key may have together what one may have', async () => {
    const half = 'x'.repeat(FILE_BYTES / 2);
    const post = (key: object, files: readonly string[]) =>
      app.inject({
        method: 'POST',
        url: '/form',
        headers: { 'content-type': TYPE, ...key },
        payload: formOf(files.map((value) => file(value))),
      });
    expect((await post({ 'idempotency-key': 'k' }, [half, half])).statusCode).toBe(200);
    expect((await post({}, [half, half, 'x'])).statusCode).toBe(200);
    const refused = await post({ 'idempotency-key': 'k' }, [half, half, 'x']);
    expect([refused.statusCode, refused.json().errors[0].field]).toEqual([413, 'file']);
    expect(refused.json().detail).toMatch(/2 MiB together.*request of its own/);
  });
});
