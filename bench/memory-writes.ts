import http from 'node:http';
import pg from 'pg';
import { newId } from '../src/platform/id.ts';
import { bookText } from './support/book-text.ts';
import { runCommand, signUp, startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';
import { percentile, timed } from './support/times.ts';

const WRITERS = 50;
const BATCH_CALLERS = 4;
const BATCH = 100;

export type WritesSize = { seconds?: number; batches?: number };

/** Messages remembered over HTTP, one by one and in batches, against bare inserts of the same texts with a commit each, and
 * against bare inserts of a batch, by as many callers at once. */
export async function measureMemoryWrites({ seconds = 10, batches = 200 }: WritesSize = {}): Promise<Row[]> {
  const database = await startServerDatabase();
  const environment = { DATABASE_URL: database.url, SECRET_KEY: 'a secret for measuring, and nothing else' };
  await runCommand(['migrate', 'up'], environment);
  const parley = await startParley(environment);
  const pool = new pg.Pool({ connectionString: database.url, max: 10 });
  try {
    await pool.query(
      'CREATE TABLE bare (id uuid PRIMARY KEY, content text NOT NULL, created_at timestamptz DEFAULT now())',
    );
    const token = await signUp(parley.url);
    const post = poster(parley.url, token, WRITERS);
    const texts = sentences();
    const next = () => texts[Math.floor(Math.random() * texts.length)] ?? '';
    const one = () => post('/v1/messages', { role: 'user', content: next(), conversation_id: newId() });
    const bareOne = () => pool.query('INSERT INTO bare (id, content) VALUES ($1, $2)', [newId(), next()]);
    const many = () => Array.from({ length: BATCH }, next);
    const batch = () =>
      post('/v1/messages/batch', {
        messages: many().map((content) => ({ role: 'user', content, conversation_id: newId() })),
      });
    const bareBatch = () =>
      pool.query('INSERT INTO bare (id, content) SELECT * FROM unnest($1::uuid[], $2::text[])', [
        Array.from({ length: BATCH }, newId),
        many(),
      ]);
    // Until the programs are compiled.
    await during(one, WRITERS, 10);
    const bare = await during(bareOne, WRITERS, seconds / 2);
    const ours = await during(one, WRITERS, seconds);
    const bareRate = await rateOf(bareBatch, batches);
    const rate = await rateOf(batch, batches);
    return [
      rowOf('p50', ours, bare, 0.5),
      { ...rowOf('p95', ours, bare, 0.95), goal: '≤ 50' },
      { what: 'messages a second, one by one', ours: ours.length / seconds, reference: (2 * bare.length) / seconds },
      {
        what: `messages a second, in batches of ${BATCH}, ${BATCH_CALLERS} at once`,
        ours: rate,
        reference: bareRate,
        ratio: rate / bareRate,
        goal: '≥ 2,000',
      },
    ];
  } finally {
    await pool.end();
    await parley.stop();
    await database.stop();
  }
}

function rowOf(name: string, ours: readonly number[], bare: readonly number[], share: number): Row {
  const [mine, reference] = [percentile(ours, share), percentile(bare, share)];
  const what = `write acknowledged, ${WRITERS} writers, ${name}, ms`;
  return { what, ours: mine, reference, ratio: mine / reference };
}

/** Times of all calls, ms, with so many callers at once. */
async function during(work: () => Promise<unknown>, callers: number, seconds: number): Promise<number[]> {
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  const caller = async () => {
    while (performance.now() < until) times.push(await timed(work));
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

async function rateOf(work: () => Promise<unknown>, batches: number): Promise<number> {
  let left = batches;
  const caller = async () => {
    while (left-- > 0) await work();
  };
  const took = await timed(() => Promise.all(Array.from({ length: BATCH_CALLERS }, caller)));
  return (batches * BATCH) / (took / 1000);
}

function sentences(): string[] {
  return bookText(512 * 1024, 7)
    .split(/(?<=\.)\s+/)
    .filter((text) => text.length > 20);
}

function poster(url: string, token: string, sockets: number): (path: string, body: unknown) => Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (path, body) =>
    new Promise((resolve, reject) => {
      const request = http.request(`${url}${path}`, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        const good = response.statusCode !== undefined && response.statusCode < 207;
        response.on('end', () => (good ? resolve() : reject(new Error(`${path}: ${response.statusCode}`))));
      });
      request.on('error', reject);
      request.end(JSON.stringify(body));
    });
}

if (import.meta.main) {
  const { printRows } = await import('./support/report.ts');
  printRows('Memory writes', await measureMemoryWrites());
  process.exit(0);
}
