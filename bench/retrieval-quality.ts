/** How well our own search finds what it should: `node bench/retrieval-quality.ts <folder of sets> [embedded|server] [set …]`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { createDocuments, type Documents } from '../src/features/documents/index.ts';
import type { Principal } from '../src/features/identity/index.ts';
import { createTenant, type Tenant } from '../src/features/tenancy/index.ts';
import { systemClock } from '../src/platform/clock.ts';
import type { Database } from '../src/platform/database/database.ts';
import { loadOwnMigrations, migratePlatform } from '../src/platform/database/migrations/installation.ts';
import { openDatabase } from '../src/platform/database/open-database.ts';
import { newId } from '../src/platform/id.ts';
import { createQueue } from '../src/platform/queue/queue.ts';
import { createMetrics } from '../src/platform/telemetry/metrics.ts';
import { startServerDatabase } from './support/server-database.ts';

type Line = { _id: string; title?: string; text: string };
export type RetrievalSet = { corpus: Line[]; queries: Line[]; relevant: Map<string, Map<string, number>> };

export type RetrievalMeasurement = {
  database: Database['kind'];
  set: string;
  documents: number;
  queries: number;
  /** Linear gain, log2 discount, ideal from all judged documents; an unanswered question counts 0. */
  ndcg10: number;
  recall10: number;
  /** Share of the questions with every relevant document among the first ten. */
  allInTen: number;
  ingestedPerSecond: number;
  /** One search, ms. */
  p50: number;
  p99: number;
};

export function readSet(folder: string): RetrievalSet {
  const relevant = new Map<string, Map<string, number>>();
  for (const line of linesOf(join(folder, 'qrels.tsv')).slice(1)) {
    const [query = '', document = '', gain = '0'] = line.split('\t');
    relevant.set(query, (relevant.get(query) ?? new Map()).set(document, Number(gain)));
  }
  const parse = (file: string) => linesOf(join(folder, file)).map((line) => JSON.parse(line) as Line);
  return { corpus: parse('corpus.jsonl'), queries: parse('queries.jsonl'), relevant };
}

/** Each document of the set becomes one of ours; its id is in the metadata. Through ingestion and search, nothing beside. */
export async function measureRetrieval(
  database: Database,
  name: string,
  { corpus, queries, relevant }: RetrievalSet,
): Promise<RetrievalMeasurement> {
  const { documents, principal } = await prepare(database, name);
  const started = performance.now();
  for (const { _id, title, text } of corpus) {
    const about = { title: title || _id, content: text, metadata: { id: _id } };
    const { id } = await documents.service.createFromText(principal, about);
    await documents.ingest(principal.tenant, id, new AbortController().signal);
  }
  const ingestedPerSecond = corpus.length / ((performance.now() - started) / 1000);
  await vacuum(database, principal.tenant);
  const sums = { ndcg: 0, recall: 0, all: 0 };
  const times: number[] = [];
  for (const { _id, text } of queries) {
    const judged = relevant.get(_id) ?? new Map<string, number>();
    const before = performance.now();
    const { hits } = await documents.search(principal.tenant, { query: text, top_k: 10 }, new AbortController().signal);
    times.push(performance.now() - before);
    const found = [...new Set(hits.map(({ metadata }) => String(metadata.id)))];
    const hit = found.filter((id) => judged.has(id)).length;
    sums.ndcg += ndcg(found, judged);
    sums.recall += judged.size > 0 ? hit / judged.size : 0;
    sums.all += hit === judged.size ? 1 : 0;
  }
  times.sort((a, b) => a - b);
  const mean = (sum: number) => round(sum / queries.length);
  return {
    database: database.kind,
    set: name,
    documents: corpus.length,
    queries: queries.length,
    ndcg10: mean(sums.ndcg),
    recall10: mean(sums.recall),
    allInTen: mean(sums.all),
    ingestedPerSecond: Math.round(ingestedPerSecond),
    p50: round(times[Math.floor(times.length / 2)] ?? 0),
    p99: round(times[Math.floor(times.length * 0.99)] ?? 0),
  };
}

export function ndcg(found: readonly string[], judged: ReadonlyMap<string, number>, depth = 10): number {
  const gain = (gains: readonly number[]) =>
    gains.slice(0, depth).reduce((sum, value, index) => sum + value / Math.log2(index + 2), 0);
  const ideal = gain([...judged.values()].sort((a, b) => b - a));
  return ideal > 0 ? gain(found.map((id) => judged.get(id) ?? 0)) / ideal : 0;
}

async function prepare(database: Database, name: string): Promise<{ documents: Documents; principal: Principal }> {
  const migrations = await loadOwnMigrations();
  await migratePlatform(database, migrations);
  const tenant = await database.transaction((trx) => createTenant(trx, { name }, migrations));
  const onError = (error: Error) => {
    throw error;
  };
  const queue = createQueue(database, { onError, onWarning: () => undefined });
  const documents = createDocuments({
    database,
    queue,
    embedder: null,
    log: pino({ level: 'warn' }),
    metrics: createMetrics(),
    clock: systemClock,
    ingestionConcurrency: 1,
    uploadLimit: 50 * 1024 * 1024,
  });
  await queue.start(documents.jobs, { work: false });
  const principal: Principal = {
    userId: newId(),
    tenant: { id: tenant.id, slug: tenant.slug },
    role: 'owner',
    operator: false,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
  };
  return { documents, principal };
}

/** As autovacuum does on a server, and the idle timer on the embedded database. */
async function vacuum(database: Database, { slug }: Tenant): Promise<void> {
  for (const table of ['posting', 'chunk', 'document', 'embedding']) {
    await database.execute(`VACUUM ANALYZE "tenant_${slug}".${table}`);
  }
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

async function openNamed(kind: string): Promise<{ database: Database; close(): Promise<void> }> {
  const options = { poolSize: 4, poolTimeout: 30_000, statementTimeout: 60_000, applicationName: 'parley-bench' };
  const onError = (error: Error) => console.error(error.message);
  const server = kind === 'server' ? await startServerDatabase() : null;
  const database = await openDatabase({ ...options, url: server?.url ?? null, embeddedFolder: null, onError });
  return {
    database,
    close: async () => {
      await database.close();
      await server?.stop();
    },
  };
}

if (import.meta.main) {
  const [folder, kind = 'server', ...names] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Which folder? node bench/retrieval-quality.ts <folder of sets>');
  for (const name of names.length > 0 ? names : ['hotpotqa500', 'xquad-en']) {
    const { database, close } = await openNamed(kind);
    console.log(await measureRetrieval(database, name, readSet(join(folder, name))));
    await close();
  }
  process.exit(0);
}
