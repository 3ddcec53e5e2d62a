import { writeSync } from 'node:fs';
import { openEmbeddedDatabase } from '../open-embedded-database.ts';

/** Writes pairs of rows into table `pair` of the folder named in its argument, each pair in a transaction, and says the
 * number of a pair on standard output once its commit is acknowledged. Ends after the second argument's number of pairs. */
const [, , dataDir = '', count = 'Infinity'] = process.argv;
const database = await openEmbeddedDatabase({ dataDir });
await database.execute('CREATE TABLE IF NOT EXISTS pair (number int, half int, PRIMARY KEY (number, half))');
const { rows } = await database.execute('SELECT coalesce(max(number), 0) AS last FROM pair');
const last = Number(rows[0]?.last);
writeSync(1, 'ready\n');
for (let number = last + 1; number <= last + Number(count); number++) {
  await database.execute(
    `BEGIN; INSERT INTO pair VALUES (${number}, 1); INSERT INTO pair VALUES (${number}, 2); COMMIT`,
  );
  writeSync(1, `${number}\n`);
}
await database.close();
