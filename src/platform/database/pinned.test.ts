import { expect, test } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';

test('a connection begins no second transaction', async () => {
  const opened = await testDatabases().at(-1)?.open();
  if (!opened) return expect.fail('There is no server database to try it on.');
  const begun = opened.database.transaction((trx) => trx.transaction().execute(async () => undefined));
  await expect(begun).rejects.toThrow('This connection has its transaction');
  await opened.close();
});
