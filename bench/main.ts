/**
 * What is measured, each beside a reference of the same run: `npm run bench [-- name …]`.
 * The reference tells how fast the machine is at this moment; the relation is what counts.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureGuards } from './guards.ts';
import { measureIngestion } from './ingestion.ts';
import { measureMemoryQuality } from './memory-quality.ts';
import { measureMemoryRetention } from './memory-retention.ts';
import { measureMemorySearch } from './memory-search.ts';
import { measureMemoryWrites } from './memory-writes.ts';
import { measureModelAdapters } from './model-adapters.ts';
import { measureRetrievalSets } from './retrieval-quality.ts';
import { measureSearch } from './search.ts';
import { measureSessionCreate } from './session-create.ts';
import { measureStart } from './start.ts';
import { measureStreaming } from './streaming.ts';
import { printRows, type Row } from './support/report.ts';
import { measureTelemetry } from './telemetry.ts';
import { measureWebSocketMemory } from './websocket.ts';

const retrievalSets = fileURLToPath(new URL('../../shared/data/ir', import.meta.url));
const memorySet = fileURLToPath(new URL('../../shared/data/memory/longmemeval-oracle', import.meta.url));

const benches: Record<string, { title: string; measure: () => Promise<Row[]> }> = {
  start: { title: 'Start and memory (embedded database)', measure: () => measureStart() },
  sessions: { title: 'Sessions (PostgreSQL; reference: a bare insert)', measure: () => measureSessionCreate() },
  guards: {
    title: 'Guards (PostgreSQL; reference: the same route and query on a bare Fastify)',
    measure: () => measureGuards(),
  },
  streaming: {
    title: 'Streaming (PostgreSQL, every event durable before it is sent; reference: a bare relay that keeps nothing)',
    measure: () => measureStreaming(),
  },
  telemetry: {
    title: 'Traces and metrics (PostgreSQL; reference: a server that nobody observes)',
    measure: () => measureTelemetry(),
  },
  websocket: { title: 'WebSockets (embedded database)', measure: () => measureWebSocketMemory() },
  adapters: { title: 'Model adapters (reference: a bare relay)', measure: adapterRows },
  ingestion: { title: 'Ingestion (reference: counting the words in memory)', measure: () => measureIngestion() },
  search: { title: 'Search on 10,000 chunks (reference: its own SQL, sent bare)', measure: () => measureSearch() },
  retrieval: { title: 'Retrieval quality, by words only (reference: plain BM25)', measure: retrievalRows },
  'memory-quality': { title: 'Memory quality, by words only (reference: plain BM25)', measure: memoryQualityRows },
  'memory-writes': {
    title: 'Memory writes over HTTP (PostgreSQL; reference: bare inserts of the same texts)',
    measure: () => measureMemoryWrites(),
  },
  'memory-search': {
    title: 'Memory search (PostgreSQL; reference: its own SQL, sent bare)',
    measure: () => measureMemorySearch({ memories: sizeOf('BENCH_MEMORIES', 100_000) }),
  },
  'memory-retention': {
    title: 'Memory retention (PostgreSQL; reference: the same queries without it)',
    measure: () => measureMemoryRetention({ memories: sizeOf('BENCH_RETAINED', 1_000_000) }),
  },
};

/** Sizes for a quick look; the figures that count are those of the default. */
function sizeOf(variable: string, fallback: number): number {
  return Number(process.env[variable] ?? fallback);
}

async function memoryQualityRows(): Promise<Row[]> {
  if (existsSync(memorySet)) return measureMemoryQuality(memorySet);
  console.log(`(The judged set is not at ${memorySet}; it is not part of the product.)`);
  return [];
}

async function adapterRows(): Promise<Row[]> {
  const measured = await measureModelAdapters();
  const bare = measured.find(({ adapter }) => adapter === 'bare')?.turnsPerSecond ?? Number.NaN;
  return measured
    .filter(({ adapter }) => adapter !== 'bare')
    .map(({ adapter, turnsPerSecond: ours, ratio }) => ({
      what: `${adapter}, turns a second`,
      ours,
      reference: bare,
      ratio,
    }));
}

async function retrievalRows(): Promise<Row[]> {
  if (existsSync(retrievalSets)) return measureRetrievalSets(retrievalSets);
  console.log(`(The judged sets are not at ${retrievalSets}; they are not part of the product.)`);
  return [];
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench "${unknown.join('", "')}". There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(64);
}
for (const [name, { title, measure }] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) printRows(title, await measure());
}
