import type { Principal } from '../../src/features/identity/index.ts';
import type { Memory } from '../../src/features/memory/index.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { loadOwnMigrations, migratePlatform } from '../../src/platform/database/migrations/installation.ts';
import { startMemory } from '../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../test/support/tenants.ts';

/** The memory feature on a database, by words only, with a tenant and a user of its own. Nobody takes its jobs. */
export async function prepareMemory(
  database: Database,
  name: string,
): Promise<{ memory: Memory; principal: Principal; stop(): Promise<void> }> {
  await migratePlatform(database, await loadOwnMigrations());
  const { memory, stop } = await startMemory(database);
  return { memory, principal: principalIn(await makeTenant(database, name)), stop };
}
