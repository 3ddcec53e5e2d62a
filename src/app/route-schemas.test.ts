import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { serializerOf } from '../platform/http/serialization.ts';
import { validatorOf } from '../platform/http/validation.ts';

let db: TestDatabase;
let on: TestApp;

beforeAll(async () => {
  db = await (anyTestDatabase()[0] ?? expect.fail('There is always a database.')).open();
  on = await openApp(db.database);
});
afterAll(async () => {
  await on[Symbol.asyncDispose]();
  await db.close();
});

/** They are compiled at their first use, so that a fault in one would wait for the first request of its route. */
test('every schema of every route can be compiled', () => {
  const faults: string[] = [];
  let compiled = 0;
  for (const { method, url, schema } of on.app.routeTable) {
    const { body, querystring, params, headers, response = {} } = schema as Record<string, object | undefined>;
    const compile = (part: string, one: () => unknown) => {
      try {
        one();
        compiled += 1;
      } catch (error) {
        faults.push(`${method} ${url}, ${part}: ${error}`);
      }
    };
    for (const [part, whole] of Object.entries({ body, querystring, params, headers })) {
      for (const one of schemasIn(whole)) compile(part, () => validatorOf(one, part));
    }
    for (const [status, whole] of Object.entries(response as Record<string, object>)) {
      for (const one of schemasIn(whole)) compile(status, () => serializerOf(one));
    }
  }
  expect(faults).toEqual([]);
  expect(compiled).toBeGreaterThan(300);
});

/** One, or one for each media type. */
function schemasIn(whole: object | undefined): object[] {
  if (whole === undefined) return [];
  if (!('content' in whole)) return [whole];
  return Object.values(whole.content as Record<string, { schema: object }>).map(({ schema }) => schema);
}
