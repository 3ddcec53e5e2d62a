import type { Principal } from '../../src/features/identity/index.ts';
import type { Memory } from '../../src/features/memory/index.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { loadOwnMigrations, migratePlatform } from '../../src/platform/database/migrations/installation.ts';
import { startMemory } from '../../test/support/memory.ts';
import { makeTenant, principalIn } from '../../test/support/tenants.ts';

/** The memory feature on a database, by words only, with a tenant and a user of its own. `work`: its jobs are taken. */
export async function prepareMemory(
  database: Database,
  name: string,
  { work = false } = {},
): Promise<{ memory: Memory; principal: Principal; stop(): Promise<void> }> {
  await migratePlatform(database, await loadOwnMigrations());
  const { memory, stop } = await startMemory(database, { work });
  return { memory, principal: principalIn(await makeTenant(database, name)), stop };
}
