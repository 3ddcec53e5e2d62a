import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { type Answer, jsonOf } from '../target.ts';

/** An address may ask so often in a minute that all routes at once would be refused for that. */
const MOST = 40;
const NOBODY = '00000000-0000-7000-8000-000000000000';

type Operation = { path: string; method: string };

export const anonymousRefused: LiveCheck = {
  id: 'anonymous-refused',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'Without a credential no operation is open that the reference does not call public',
  items: ['S1-7', 'S1-13', 'S1-104', 'S3-9', 'S2-89'],
  expected: `401 from operations that need a credential: ${MOST} of them at most, evenly over /openapi.json`,
  remedy: 'report it as SECURITY.md says',
  validDays: 7,
  command: 'curl -sSi $URL/v1/sessions',
  run: async ({ ask }) => {
    const all = guarded(jsonOf(await ask('/openapi.json')));
    if (all.length === 0) return judge(['/openapi.json names no operation that needs a credential'], '');
    const step = Math.max(1, all.length / MOST);
    const chosen = Array.from(
      { length: Math.min(MOST, all.length) },
      (_, index) => all[Math.floor(index * step)],
    ).filter((operation) => operation !== undefined);
    const answers: { operation: Operation; answer: Answer }[] = [];
    for (const operation of chosen) {
      const path = operation.path.replaceAll(/\{[^}]+\}/g, NOBODY);
      // Never with a body: what is not refused must not do anything either.
      answers.push({ operation, answer: await ask(path, { method: operation.method }) });
    }
    const faults = answers
      .filter(({ answer }) => answer.status !== 401)
      .map(({ operation: { method, path }, answer }) => `${method} ${path} answers ${answer.status}`);
    const refused = answers.filter(({ answer }) => answer.status === 401).length;
    return judge(faults, `${refused} of ${all.length} operations tried, each 401`, [
      sample(
        'answers',
        answers.map(({ operation: { method, path }, answer }) => `${method} ${path} ${answer.status}`).join('\n'),
      ),
    ]);
  },
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function guarded(document: Record<string, unknown> | null): Operation[] {
  const paths = (document?.paths ?? {}) as Record<string, Record<string, { security?: unknown[] }>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method, { security }]) => METHODS.includes(method) && security?.length !== 0)
      .map(([method]) => ({ path, method: method.toUpperCase() })),
  );
}
