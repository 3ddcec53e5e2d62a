import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';

describe.each(anyTestDatabase())('metrics on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  const scrape = async ({ app }: TestApp, authorization?: string) =>
    app.inject({ method: 'GET', url: '/metrics', ...(authorization && { headers: { authorization } }) });

  test('tell of connections and of the queue: how much waits in it, and for how long', async () => {
    await using on = await openApp(db.database);
    await db.database.execute(`
      INSERT INTO pgboss.job (name, data, start_after)
      SELECT name, '{}', now() - interval '90 seconds' FROM pgboss.queue WHERE name LIKE '%.%' ORDER BY name LIMIT 1`);
    const { body } = await scrape(on);
    expect(body).toMatch(/^parley_database_connections\{state="idle"\} \d+$/m);
    expect(body).toMatch(/^parley_queue_jobs\{queue="[\w.-]+",state="waiting"\} \d+$/m);
    const [, seconds] = /^parley_queue_oldest_due_seconds\{queue="[\w.-]+"\} ([\d.]+)$/m.exec(body) ?? [];
    expect(Number(seconds)).toBeGreaterThan(80);
  });

  test('of two servers in a process share what is measured of it, and count apart', async () => {
    await using one = await openApp(db.database);
    await using other = await openApp(db.database);
    one.services.metrics.runs.inc({ status: 'completed' });
    const of = ({ services }: TestApp, name: string) => services.metrics.registry.getSingleMetric(name);
    expect(of(one, 'nodejs_eventloop_lag_p99_seconds')).toBe(of(other, 'nodejs_eventloop_lag_p99_seconds'));
    expect((await scrape(one)).body).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect((await scrape(one)).body).toContain('parley_runs_total{status="completed"} 1');
    expect((await scrape(other)).body).not.toContain('parley_runs_total{');
  });

  test('ask for their token where there is one', async () => {
    await using on = await openApp(db.database, { METRICS_TOKEN: 'a token of scrapers' });
    for (const wrong of [undefined, 'Bearer another', 'a token of scrapers', 'Bearer a token of scrapers.']) {
      const refused = await scrape(on, wrong);
      expect(refused.statusCode).toBe(401);
      expect(refused.headers['www-authenticate']).toContain('Bearer');
      expect(refused.body).not.toContain('parley_');
    }
    expect((await scrape(on, 'Bearer a token of scrapers')).statusCode).toBe(200);
  });
});
