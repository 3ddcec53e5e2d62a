import pg from 'pg';
import type { Documents } from '../src/features/documents/index.ts';
import type { Principal } from '../src/features/identity/index.ts';
import { bookText } from './support/book-text.ts';
import { prepareDocuments, vacuum } from './support/documents.ts';
import { recorded, replay, type Statement } from './support/recorded.ts';
import type { Row } from './support/report.ts';
import { openBenchDatabase } from './support/server-database.ts';
import { percentile, timed } from './support/times.ts';

const CHUNKS = 10_000;
const DOCUMENT_BYTES = 512 * 1024;
const QUERIES = 200;
const never = new AbortController().signal;

/** One search among 10,000 chunks through the service, against the statements that it sends, sent bare: same parameters,
 * same order, one connection of node-postgres. */
export async function measureSearch(): Promise<Row[]> {
  const { database, url, close } = await openBenchDatabase('server');
  const client = new pg.Client({ connectionString: url ?? '' });
  try {
    const { documents, principal, stop } = await prepareDocuments(database, 'search');
    const texts = await ingestChunks(documents, principal);
    await vacuum(database, principal.tenant);
    const queries = Array.from({ length: QUERIES }, (_, index) => queryFrom(texts[index % texts.length] ?? '', index));
    await client.connect();
    const scripts = await Promise.all(await recordEach(documents, principal, queries));
    const ours: number[] = [];
    const bare: number[] = [];
    // Turn and turn about, so that both meet the same moods of the machine; the first round warms up.
    for (const [round, into] of [
      [0, null],
      [1, ours],
    ] as const) {
      for (const [index, query] of queries.entries()) {
        const served = await timed(() => documents.search(principal.tenant, { query, top_k: 10 }, never));
        const replayed = await timed(() => replay(client, scripts[index] ?? []));
        if (round === 0 || into === null) continue;
        into.push(served);
        bare.push(replayed);
      }
    }
    await stop();
    return [rowOf('p50', ours, bare, 0.5), rowOf('p99', ours, bare, 0.99)];
  } finally {
    await client.end();
    await close();
  }
}

function rowOf(name: string, ours: readonly number[], bare: readonly number[], share: number): Row {
  const [mine, reference] = [percentile(ours, share), percentile(bare, share)];
  return { what: `search among 10,000 chunks, ${name}, ms`, ours: mine, reference, ratio: mine / reference };
}

async function ingestChunks(documents: Documents, principal: Principal): Promise<string[]> {
  const texts: string[] = [];
  for (let chunks = 0; chunks < CHUNKS; ) {
    const content = bookText(DOCUMENT_BYTES, texts.length + 1);
    const { id } = await documents.service.createFromText(principal, { title: `Book ${texts.length}`, content });
    await documents.ingest(principal.tenant, id, never);
    chunks += (await documents.service.get(principal, id)).chunk_count;
    texts.push(content);
  }
  return texts;
}

/** Eight words that stand together somewhere in a text: as a question does, it mixes common words and rare ones. */
function queryFrom(text: string, seed: number): string {
  const words = text.slice((seed * 7_919) % (text.length - 2_000)).split(/\s+/);
  return words.slice(1, 9).join(' ');
}

/** The statements of each search, as they reach node-postgres: those of the transaction of the tenant, on its client. */
async function recordEach(documents: Documents, principal: Principal, queries: readonly string[]) {
  const scripts: Statement[][] = [];
  for (const query of queries) {
    scripts.push(await recorded(() => documents.search(principal.tenant, { query, top_k: 10 }, never)));
  }
  return scripts;
}
