import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bookText } from './support/book-text.ts';
import { get, type Parley, post, runCommand, signUp, startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';

const DOCUMENTS = 20;
const DOCUMENT_BYTES = 512 * 1024;
const MEBIBYTE = 1024 * 1024;

/** 10 MiB of text in 20 documents from upload to ready, against reading the same text word by word in this process: the
 * least that any index of words must do. */
export async function measureIngestion(): Promise<Row[]> {
  const texts = Array.from({ length: DOCUMENTS }, (_, index) => bookText(DOCUMENT_BYTES, index + 1));
  const bare = countWords(texts);
  return [await onServer(texts, bare), await onEmbedded(texts, bare)];
}

async function onServer(texts: readonly string[], bare: number): Promise<Row> {
  const database = await startServerDatabase();
  const environment = { DATABASE_URL: database.url, SECRET_KEY: 'a secret for measuring, and nothing else' };
  await runCommand(['migrate', 'up'], environment);
  try {
    return await ingest('PostgreSQL', await startParley(environment), texts, bare);
  } finally {
    await database.stop();
  }
}

async function onEmbedded(texts: readonly string[], bare: number): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  try {
    return await ingest('embedded', await startParley({ DATA_DIR: folder }), texts, bare);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ingest(kind: string, parley: Parley, texts: readonly string[], bare: number): Promise<Row> {
  const token = await signUp(parley.url);
  const began = performance.now();
  for (const [index, content] of texts.entries()) {
    await post(parley.url, '/v1/documents', token, { title: `Book ${index}`, content });
  }
  await untilReady(parley.url, token);
  const ours = megabytesPerSecond(texts, performance.now() - began);
  await parley.stop();
  return { what: `ingestion of 10 MiB, MiB a second (${kind})`, ours, reference: bare, ratio: ours / bare };
}

async function untilReady(url: string, token: string): Promise<void> {
  for (;;) {
    const { data } = await get<{ data: { status: string }[] }>(url, '/v1/documents?limit=100', token);
    if (data.some(({ status }) => status === 'failed')) throw new Error('A document failed.');
    if (data.length === DOCUMENTS && data.every(({ status }) => status === 'ready')) return;
    await setTimeout(100);
  }
}

function countWords(texts: readonly string[]): number {
  const began = performance.now();
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return megabytesPerSecond(texts, performance.now() - began);
}

function megabytesPerSecond(texts: readonly string[], ms: number): number {
  return texts.reduce((sum, text) => sum + text.length, 0) / MEBIBYTE / (ms / 1000);
}
