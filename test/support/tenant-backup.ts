import { CompiledQuery } from 'kysely';
import { inTenant, type Tenant } from '../../src/features/tenancy/index.ts';
import { type Database, identifier } from '../../src/platform/database/database.ts';
import * as copy from '../../src/platform/database/table-copy.ts';

/** All rows that a tenant has, as they are now; `restore` makes them be those again, and forgets all that came after. */
export async function backUpTenant(database: Database, tenant: Tenant): Promise<{ restore(): Promise<void> }> {
  const tables = new Map<string, string[]>();
  await inTenant(database, tenant, async (trx) => {
    for (const [table, columns] of await copy.listColumns(trx)) {
      const rows: string[] = [];
      for await (const some of copy.readTable(trx, table, columns)) rows.push(...some);
      tables.set(table, rows);
    }
  });
  const restore = () =>
    inTenant(database, tenant, async (trx) => {
      const keys = await copy.dropForeignKeys(trx);
      const names = [...tables.keys()].map(identifier).join(', ');
      await trx.executeQuery(CompiledQuery.raw(`TRUNCATE ${names}`));
      const columnsOf = await copy.listColumns(trx);
      for (const [table, rows] of tables) {
        const columns = columnsOf.get(table) ?? [];
        for (let at = 0; at < rows.length; at += 1_000) {
          await copy.writeRows(trx, table, columns, rows.slice(at, at + 1_000));
        }
      }
      await copy.restoreForeignKeys(trx, keys);
    });
  return { restore };
}
