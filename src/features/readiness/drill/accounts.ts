import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { type Answer, JSON_BODY, jsonOf } from '../target.ts';

const ACCOUNT = {
  username: 'testuser',
  email: 'test@example.com',
  password: 'testpass123-drill',
  full_name: 'Test User',
};

export const accounts: ScratchCheck = {
  id: 'accounts',
  kind: 'drill',
  category: 'security',
  weight: 'blocker',
  title:
    'Somebody registers and logs in as the predecessors’ clients do; nobody learns who has an account; tokens do only what they are for',
  items: ['S3-33', 'S3-99', 'S3-104', 'S3-115', 'S3-116', 'S1-133', 'S3-9', 'S3-102'],
  expected:
    'register and login at /api/v2/auth; the same refusal for a wrong password as for nobody; a refresh token opens no door and works once',
  remedy: 'report it as SECURITY.md says',
  validDays: 30,
  run: async (workshop) => {
    const { server } = await workshop.common();
    const post = (path: string, body: object) =>
      server.ask(path, { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) });
    const faults: string[] = [];
    const expect = (what: string, answer: Answer, ...wanted: number[]) => {
      if (!wanted.includes(answer.status))
        faults.push(`${what} answers ${answer.status}: ${answer.text.slice(0, 120)}`);
      return answer;
    };
    const { username, password } = ACCOUNT;
    expect('registering', await post('/api/v2/auth/register', ACCOUNT), 200, 201);
    expect('registering twice', await post('/api/v2/auth/register', ACCOUNT), 409);
    const login = jsonOf(expect('logging in', await post('/api/v2/auth/login', { username, password }), 200)) ?? {};
    const wrong = expect(
      'a wrong password',
      await post('/v1/auth/login', { username, password: 'wrong-password' }),
      401,
    );
    const nobody = expect(
      'an account that there is not',
      await post('/v1/auth/login', { username: 'nobody-here', password: 'wrong-password' }),
      401,
    );
    if (wordsOf(wrong) !== wordsOf(nobody))
      faults.push('a wrong password is refused in other words than an unknown account');
    const bearer = (token: unknown) => ({ headers: { authorization: `Bearer ${String(token)}` } });
    expect('the access token', await server.ask('/v1/sessions', bearer(login.access_token)), 200);
    expect('the refresh token as an access token', await server.ask('/v1/sessions', bearer(login.refresh_token)), 401);
    const token = { refresh_token: login.refresh_token };
    expect('refreshing', await post('/v1/auth/refresh', token), 200);
    expect('refreshing again with the same', await post('/v1/auth/refresh', token), 401);
    return judge(faults, 'as clients know it, and no more than that', [
      sample('refusals', `${wrong.text}\n${nobody.text}`),
    ]);
  },
};

/** Without what differs from one request to the next. */
function wordsOf(answer: Answer): string {
  const { request_id: _, ...words } = jsonOf(answer) ?? {};
  return JSON.stringify(words);
}
