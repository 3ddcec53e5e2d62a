import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { anyTestDatabase } from '../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import { newId } from '../../platform/id.ts';
import { inTenant } from '../tenancy/index.ts';
import { sessionsByBeginning } from './session.store.ts';

test.each(anyTestDatabase())(
  'one of many pages of a user’s many sessions is read from an index, by the $kind database',
  async ({ open }) => {
    const db = await open();
    onTestFinished(() => db.close());
    const tenant = await makeTenant(db.database);
    const { userId } = principalIn(tenant);
    await inTenant(db.database, tenant, async (trx) => {
      await sql`INSERT INTO session (id, user_id, metadata, created_at)
      SELECT gen_random_uuid(), ${userId}, '{}', now() - number * interval '1 minute'
      FROM generate_series(1, 2000) AS number`.execute(trx);
      await sql`ANALYZE session`.execute(trx);
      for (const after of [null, newId()]) {
        const explained = await sessionsByBeginning(trx, userId, { limit: 21, order: 'desc', after }).explain();
        const plan = explained.map((row) => Object.values(row)[0]).join('\n');
        expect(plan).toContain('Index Scan Backward using session_begun on session');
        expect(plan).not.toMatch(/Sort Key: (session\.)?created_at|Seq Scan on session\b/);
        if (after) expect(plan).toMatch(/Index Cond: .*ROW\(created_at, id\) </);
      }
    });
  },
);
