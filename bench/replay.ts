import pg from 'pg';
import type { Parley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { percentile } from './support/stream-client.ts';

const EVENTS = 2_000;
/** Events of one stretch, as a model of some speed leaves them. */
const STRETCH = 4;
const REPLAYS = 30;

type Follower = { url(index: number): string; headers: Record<string, string> };

/** A client that comes back for a long answer, from its first event to its last. Reference: the same rows read bare. */
export async function measureReplay(parley: Parley, databaseUrl: string, { url, headers }: Follower): Promise<Row[]> {
  const asked = await fetch(url(0), {
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ input: 'Go' }),
  });
  const { id } = (await asked.json()) as { id: string };
  await replay(parley, id, headers);
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await lengthen(client, id);
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round < REPLAYS; round += 1) {
      ours.push(await timed(async () => expectAll(await replay(parley, id, headers))));
      bare.push(
        await timed(() => client.query('SELECT events FROM run_event WHERE run_id = $1 ORDER BY first_seq', [id])),
      );
    }
    return [
      {
        what: `replay of ${EVENTS} events, p50 ms`,
        ours: percentile(ours, 0.5),
        reference: percentile(bare, 0.5),
        goal: '< 50',
      },
    ];
  } finally {
    await client.end();
  }
}

async function replay(parley: Parley, id: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(`${parley.url}/v1/runs/${id}/events`, { headers });
  return response.text();
}

function expectAll(stream: string): void {
  const count = stream.split('\nevent: ').length - 1;
  if (count < EVENTS) throw new Error(`${count} events came instead of ${EVENTS}.`);
}

/** Puts so many more words before the end of a finished run that it has that many events. */
async function lengthen(client: pg.Client, id: string): Promise<void> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT schemaname AS schema FROM pg_tables WHERE tablename = 'run_event' AND schemaname LIKE 'tenant_%'`,
  );
  for (const { schema } of rows) {
    const name = pg.escapeIdentifier(schema);
    await client.query(`SET ROLE ${name}; SET search_path TO ${name}, public`);
    const { rowCount } = await client.query('SELECT 1 FROM run WHERE id = $1', [id]);
    if (rowCount === 1) break;
  }
  const { rows: stretches } = await client.query<{ events: object[] }>(
    'SELECT events FROM run_event WHERE run_id = $1 ORDER BY first_seq DESC LIMIT 1',
    [id],
  );
  const end = stretches[0]?.events.at(-1);
  await client.query('BEGIN');
  await client.query('DELETE FROM run_event WHERE run_id = $1 AND first_seq > 1', [id]);
  for (let next = 2; next < EVENTS; next += STRETCH) {
    const seqs = Array.from({ length: Math.min(STRETCH, EVENTS - next) }, (_, index) => next + index);
    await insert(
      client,
      id,
      seqs.map((seq) => ({ seq, type: 'text-delta', part_id: 'text-1', delta: ` word${seq}` })),
    );
  }
  await insert(client, id, [{ ...end, seq: EVENTS }]);
  await client.query('UPDATE run SET last_seq = $2 WHERE id = $1', [id, EVENTS]);
  await client.query('COMMIT');
}

async function insert(client: pg.Client, id: string, events: readonly { seq: number }[]): Promise<void> {
  const values = [id, events[0]?.seq, events.at(-1)?.seq, JSON.stringify(events)];
  await client.query('INSERT INTO run_event (run_id, first_seq, last_seq, events) VALUES ($1, $2, $3, $4)', values);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
