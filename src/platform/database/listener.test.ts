import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';
import { openServerDatabase } from './server-database.ts';

/** Stands before a server, and can be closed to everybody for a while. */
async function doorTo(url: string) {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const door = { closed: false, knocks: 0 };
  const server = createServer((outside) => {
    door.knocks += 1;
    if (door.closed) return outside.destroy();
    open.add(outside);
    const inside = connect(Number(port), hostname);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(outside);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    knocks: () => door.knocks,
    inside: () => open.size,
    shut: () => {
      door.closed = true;
      for (const socket of open) socket.destroy();
    },
    open: () => {
      door.closed = false;
    },
    close: () => server.close(),
  };
}

test('a listener knocks once a second while its server is away, and hears by one connection afterwards', async () => {
  const opened = await testDatabases().at(-1)?.open();
  if (!opened?.url) return expect.fail('There is no server database to try it on.');
  const door = await doorTo(opened.url);
  const heard: string[] = [];
  const database = openServerDatabase({
    url: opened.url,
    directUrl: door.url,
    poolSize: 1,
    poolTimeout: 5_000,
    statementTimeout: 5_000,
    prepareStatements: false,
    applicationName: 'parley-test',
    onError: () => undefined,
  });
  try {
    await database.listen('parley_test', (payload) => heard.push(payload));
    expect(door.inside()).toBe(1);
    door.shut();
    const before = door.knocks();
    const began = performance.now();
    await vi.waitFor(() => expect(door.knocks() - before).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
    expect(performance.now() - began).toBeGreaterThan(2_900);
    door.open();
    await vi.waitFor(
      async () => {
        await database.execute("SELECT pg_notify('parley_test', 'here')");
        expect(heard.length).toBeGreaterThan(0);
      },
      { timeout: 20_000 },
    );
    expect(door.inside()).toBe(1);
  } finally {
    await database.close();
    door.close();
    await opened.close();
  }
}, 60_000);
