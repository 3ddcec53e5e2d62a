import { expect, test } from 'vitest';
import { testDatabases } from '../../../test/support/databases.ts';
import { toApiError } from '../http/problem.ts';
import { openServerDatabase } from './server-database.ts';

test('a statement that takes too long is ended, told as a time-out, and its connection goes on', async () => {
  const opened = await testDatabases().at(-1)?.open();
  if (!opened?.url) return expect.fail('There is no server database to try it on.');
  const database = openServerDatabase({
    url: opened.url,
    poolSize: 1,
    poolTimeout: 5_000,
    statementTimeout: 200,
    prepareStatements: false,
    applicationName: 'parley-test',
    onError: () => undefined,
  });
  try {
    const began = performance.now();
    const error = await database.execute('SELECT pg_sleep(30)').catch((thrown: unknown) => thrown);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(toApiError(error).definition).toMatchObject({ code: 'ERR_REQUEST_006', kind: 'timeout' });
    expect((await database.execute('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await database.close();
    await opened.close();
  }
});
