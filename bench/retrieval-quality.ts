/** How well our own search finds what it should: `node bench/retrieval-quality.ts <folder of sets> [embedded|server] [set …]`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../src/platform/database/database.ts';
import { prepareDocuments, vacuum } from './support/documents.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';

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
  const { documents, principal, stop } = await prepareDocuments(database, name);
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
  await stop();
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

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** The floors, measured with plain BM25 (k1 0.9, b 0.4, English stemming) by others. */
const FLOORS: Readonly<Record<string, { floor: number; goal: string }>> = {
  hotpotqa500: { floor: 0.772, goal: '≥ 0.77' },
  'xquad-en': { floor: 0.965, goal: '≥ 0.96' },
};

/** nDCG@10 of our search on the judged sets of a folder, on both databases. */
export async function measureRetrievalSets(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, { floor, goal }] of Object.entries(FLOORS)) {
    const set = readSet(join(folder, name));
    for (const kind of ['server', 'embedded'] as const) {
      const { database, close } = await openBenchDatabase(kind);
      const { ndcg10: ours } = await measureRetrieval(database, name, set);
      await close();
      rows.push({ what: `nDCG@10 on ${name} (${kind})`, ours, reference: floor, ratio: ours / floor, goal });
    }
  }
  return rows;
}

if (import.meta.main) {
  const [folder, kind = 'server', ...names] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Which folder? node bench/retrieval-quality.ts <folder of sets>');
  for (const name of names.length > 0 ? names : ['hotpotqa500', 'xquad-en']) {
    const { database, close } = await openBenchDatabase(kind === 'embedded' ? 'embedded' : 'server');
    console.log(await measureRetrieval(database, name, readSet(join(folder, name))));
    await close();
  }
  process.exit(0);
}
