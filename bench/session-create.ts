import http from 'node:http';
import pg from 'pg';
import { newId } from '../src/platform/id.ts';
import { runCommand, signUp, startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';

const CONCURRENT = 16;

/** Sessions a second over HTTP (credential, limits, validation, the tenant's role), against a bare insert of the same row
 * into the same table with a client of the same pool size. */
export async function measureSessionCreate({ seconds = 5 } = {}): Promise<Row[]> {
  const database = await startServerDatabase();
  const environment = { DATABASE_URL: database.url, SECRET_KEY: 'a secret for measuring, and nothing else' };
  await runCommand(['migrate', 'up'], environment);
  const parley = await startParley(environment);
  try {
    const token = await signUp(parley.url);
    const create = sessionCreator(parley.url, token);
    const pool = new pg.Pool({ connectionString: database.url, max: CONCURRENT });
    const { rows } = await pool.query<{ slug: string }>(
      'SELECT slug FROM platform.tenant ORDER BY created_at DESC LIMIT 1',
    );
    const insert = bareInsert(pool, `tenant_${rows[0]?.slug}`);
    await repeat(create, 1);
    await repeat(insert, 1);
    const bare = await repeat(insert, seconds);
    const ours = await repeat(create, seconds);
    await pool.end();
    return [{ what: `sessions created a second, ${CONCURRENT} at once`, ours, reference: bare, ratio: ours / bare }];
  } finally {
    await parley.stop();
    await database.stop();
  }
}

function sessionCreator(url: string, token: string): () => Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENT });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return () =>
    new Promise((resolve, reject) => {
      const request = http.request(`${url}/v1/sessions`, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`${response.statusCode}`)),
        );
      });
      request.on('error', reject);
      request.end('{"title":"bench"}');
    });
}

function bareInsert(pool: pg.Pool, schema: string): () => Promise<void> {
  const userId = newId();
  const text = `INSERT INTO "${schema}".session (id, user_id, title, metadata) VALUES ($1, $2, 'bench', '{}') RETURNING *`;
  return async () => {
    await pool.query(text, [newId(), userId]);
  };
}

/** How often a second, with CONCURRENT callers. */
async function repeat(work: () => Promise<void>, seconds: number): Promise<number> {
  const began = performance.now();
  const until = began + seconds * 1000;
  let count = 0;
  const caller = async () => {
    while (performance.now() < until) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, caller));
  return count / ((performance.now() - began) / 1000);
}
