import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { tryDialects, unclassifiedOperations } from './support/leaks/dialects.ts';
import { tryMatrix, unclassified } from './support/leaks/matrix.ts';
import { tryRepeats } from './support/leaks/repeats.ts';
import { openWorld, type World } from './support/leaks/world.ts';

/** Made from the routes that the server has: what a new one has to say for itself is in test/support/leaks/ownership.ts. */
// One database: what refuses here is above it. What the database itself refuses is in tenant-walls.test.ts, on both.
describe.each(testDatabases().slice(-1))('the leak matrix on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let world: World;

  beforeAll(async () => {
    db = await open();
    world = await openWorld(db.database);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await db.close();
  });

  test('has a class for every route and every place that takes an id', () => {
    expect(unclassified(world.app.routeTable)).toEqual([]);
    expect(world.app.routeTable.length).toBeGreaterThan(60);
  });

  // Before all others: what is made must be new.
  test('does once what a request with an Idempotency-Key creates, on every route that creates', async () => {
    const { tried, faults } = await tryRepeats(world);
    expect(faults).toEqual([]);
    expect(tried.length).toBeGreaterThan(10);
  }, 60_000);

  test('has 0 leaks: everybody gets what is theirs, and nobody anything else', async () => {
    const { cells, leaks } = await tryMatrix(world);
    expect(leaks).toEqual([]);
    expect(cells).toBeGreaterThan(600);
  }, 120_000);

  test('has a class for every operation inside of a dialect', () => {
    expect(unclassifiedOperations(world.app.routeTable)).toEqual([]);
  });

  test('has 0 leaks inside of the dialects: ChatKit’s operations, MCP’s methods and tools, frames of the WebSocket', async () => {
    await world.app.listen({ port: 0, host: '127.0.0.1' });
    const { cells, leaks } = await tryDialects(world);
    expect(leaks).toEqual([]);
    expect(cells).toBeGreaterThan(300);
  }, 120_000);
});
