import { expect, test, vi } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';
import { doorTo } from '../../../test/support/door.ts';
import { openServerDatabase } from './server-database.ts';

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
