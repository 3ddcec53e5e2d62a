import { once } from 'node:events';
import net from 'node:net';
import { CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';
import { openServerDatabase } from './server-database.ts';

const PATIENTLY = { timeout: 30_000 };

/** A way to a server on which its answers can be held back. */
async function slowWay(url: string) {
  const { hostname, port } = new URL(url);
  const sent: string[] = [];
  const answers: net.Socket[] = [];
  const proxy = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    answers.push(upstream);
    client.on('data', (data) => sent.push(data.toString('latin1')));
    client.pipe(upstream).pipe(client);
    const end = () => [client, upstream].forEach((socket) => void socket.destroy());
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const through = new URL(url);
  through.host = `127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  return {
    url: through.href,
    sent: () => sent.join(''),
    hold: () => {
      sent.length = 0;
      for (const upstream of answers) upstream.pause();
    },
    release: () => {
      for (const upstream of answers) upstream.resume();
    },
    close: () => proxy.close(),
  };
}

test('a transaction goes to the server as one, not statement by statement', async () => {
  const opened = await testDatabases().at(-1)?.open();
  if (!opened?.url) return expect.fail('There is no server database to try it on.');
  const way = await slowWay(opened.url);
  const database = openServerDatabase({
    url: way.url,
    poolSize: 1,
    poolTimeout: 30_000,
    statementTimeout: 30_000,
    prepareStatements: true,
    applicationName: 'parley-test',
    onError: () => undefined,
  });
  const ask = (text: string) => CompiledQuery.raw(text, [1]);
  try {
    await database.queries([ask('SELECT $1::integer AS first')]);

    way.hold();
    const all = database.queries([ask('SELECT $1::integer AS one'), ask('SELECT 1 + $1::integer AS two')]);
    await expect.poll(way.sent, PATIENTLY).toContain('COMMIT');
    expect(way.sent()).toMatch(/BEGIN.*AS one.*AS two.*COMMIT/s);
    way.release();
    expect(await all).toEqual([[{ one: 1 }], [{ two: 2 }]]);

    way.hold();
    const some = database.transaction(async (trx) => (await trx.executeQuery(ask('SELECT $1::integer AS three'))).rows);
    await expect.poll(way.sent, PATIENTLY).toContain('AS three');
    expect(way.sent()).toContain('BEGIN');
    way.release();
    expect(await some).toEqual([{ three: 1 }]);
  } finally {
    way.release();
    await database.close();
    way.close();
    await opened.close();
  }
});

test('what fails among statements that went together is told, and nothing of them is kept', async () => {
  const opened = await testDatabases().at(-1)?.open();
  if (!opened) return expect.fail('There is no database to try it on.');
  const { database } = opened;
  try {
    await database.execute('CREATE TABLE platform.tried (id integer PRIMARY KEY)');
    const insert = (id: number) => CompiledQuery.raw('INSERT INTO platform.tried VALUES ($1)', [id]);
    await expect(database.queries([insert(1), insert(1), insert(2)])).rejects.toMatchObject({ code: '23505' });
    expect((await database.execute('SELECT id FROM platform.tried')).rows).toEqual([]);
    await database.queries([insert(1), insert(2)]);
    expect((await database.execute('SELECT id FROM platform.tried ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
  } finally {
    await opened.close();
  }
});
