import { randomUUID } from 'node:crypto';
import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import { JSON_BODY } from '../target.ts';

export const logHygiene: ScratchCheck = {
  id: 'log-hygiene',
  kind: 'drill',
  category: 'observability',
  weight: 'blocker',
  title: 'The log is JSON, names the request, and holds neither passwords nor tokens nor what was said',
  items: ['S1-43', 'S1-44', 'S1-46', 'S1-110', 'S3-2', 'S3-34', 'S3-47', 'S3-117'],
  expected:
    'every line is JSON with a level and a time; the request id of a login is found; its password, token and a question are not',
  remedy: 'report it as SECURITY.md says',
  validDays: 30,
  run: async (workshop) => {
    const { server, operator } = await workshop.common();
    const [id, password, question] = [`readiness-${randomUUID()}`, `pass-${randomUUID()}`, `question-${randomUUID()}`];
    await server.ask('/v1/auth/login', {
      method: 'POST',
      headers: { ...JSON_BODY, 'x-request-id': id },
      body: JSON.stringify({ email: 'nobody@readiness.example', password }),
    });
    await operator.ask(`/v1/sessions?token=${password}`, { headers: { cookie: `session=${password}` } });
    await operator.ask('/v1/sessions', { method: 'POST', body: { title: question } });
    const lines = () =>
      server
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'));
    await until('a log line of the request', () => lines().some((line) => line.includes(id)), workshop.within(10));
    const faults: string[] = [];
    const log = lines().join('\n');
    for (const [what, secret] of [
      ['a password', password],
      ['an access token', operator.token],
      ['a title', question],
    ] as const) {
      if (log.includes(secret)) faults.push(`${what} is in the log`);
    }
    const wrong = lines().filter((line) => !isLogLine(line));
    if (wrong.length > 0)
      faults.push(`${wrong.length} lines are no JSON with level and time, first: ${wrong[0]?.slice(0, 100)}`);
    const errors = lines().filter((line) => /"level":(50|60|"error"|"fatal")/.test(line));
    if (errors.length > 0) faults.push(`${errors.length} errors, first: ${errors[0]?.slice(0, 300)}`);
    return judge(faults, `${lines().length} lines, without any of it, none an error`, [
      sample(
        'lines of the request',
        lines()
          .filter((line) => line.includes(id))
          .join('\n'),
      ),
    ]);
  },
};

function isLogLine(line: string): boolean {
  try {
    const { level, time } = JSON.parse(line) as { level?: unknown; time?: unknown };
    return level !== undefined && time !== undefined;
  } catch {
    return false;
  }
}
