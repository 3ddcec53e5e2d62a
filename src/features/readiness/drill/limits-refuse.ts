import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { problemFaults } from '../live/problem-faults.ts';
import { type Answer, JSON_BODY } from '../target.ts';

const ORIGIN = 'https://app.readiness.example';
/** Empty counts as unset: the program's own defaults, which are the documents'. */
const DEFAULTS = {
  RATE_LIMIT_API_PER_MINUTE: '',
  RATE_LIMIT_TENANT_PER_MINUTE: '',
  RATE_LIMIT_LOGIN_PER_MINUTE: '',
  RATE_LIMIT_REGISTER_PER_MINUTE: '',
  RATE_LIMIT_CHATKIT_PER_MINUTE: '',
  ALLOWED_ORIGINS: ORIGIN,
};

export const limitsRefuse: ScratchCheck = {
  id: 'limits-refuse',
  kind: 'drill',
  category: 'security',
  weight: 'blocker',
  title: 'The limits of the documents refuse: the 31st ChatKit request, the 6th login, the 201st request of an address',
  items: ['S2-1', 'S2-2', 'S2-3', 'S2-53', 'S2-83', 'S2-87', 'S2-111', 'S2-131', 'S3-48', 'S3-49', 'S0-7'],
  expected: '429 as a problem document with Retry-After, RateLimit, CORS and security headers; never earlier',
  remedy: 'report it: this is a fault of the program',
  validDays: 30,
  run: async (workshop) => {
    const server = await workshop.serve(DEFAULTS);
    const user = await server.login();
    const faults: string[] = [];
    const headers = { origin: ORIGIN };
    const chatkit = await firstRefusal(35, () => user.ask('/chatkit/sessions', { headers }));
    if (chatkit.number !== 31) faults.push(`ChatKit refuses request ${chatkit.number ?? 'never'}`);
    if (chatkit.answer) faults.push(...refusalFaults('ChatKit’s refusal', chatkit.answer, false));
    const login = {
      method: 'POST',
      headers: { ...headers, ...JSON_BODY },
      body: '{"email":"nobody@readiness.example","password":"wrong-password"}',
    };
    const logins = await firstRefusal(8, () => server.ask('/v1/auth/login', login));
    // One was the drill's own.
    if (logins.number !== 5) faults.push(`logins are refused at attempt ${(logins.number ?? Number.NaN) + 1}`);
    if (logins.answer) faults.push(...refusalFaults('the refusal of logins', logins.answer, true));
    const rest = await firstRefusal(220, () => server.ask('/v1/sessions', { headers }));
    const counted = 1 + (chatkit.number ?? 0) + (logins.number ?? 0) + (rest.number ?? Number.NaN);
    // Refusals by an inner limit may or may not count under the outer one.
    if (!(counted >= 199 && counted <= 205)) faults.push(`an address is refused at request ${counted}`);
    if (rest.answer) faults.push(...refusalFaults('the refusal of an address', rest.answer, true));
    const probe = await server.ask('/health/live');
    if (probe.status !== 200) faults.push(`probes are refused, too: ${probe.status}`);
    return judge(
      faults,
      `ChatKit at ${chatkit.number}, logins at ${(logins.number ?? 0) + 1}, an address at ${counted}`,
      [sample('a refusal', `${JSON.stringify(rest.answer?.headers)}\n${rest.answer?.text ?? ''}`)],
    );
  },
};

async function firstRefusal(
  most: number,
  ask: () => Promise<Answer>,
): Promise<{ number: number | null; answer: Answer | null }> {
  for (let number = 1; number <= most; number += 1) {
    const answer = await ask();
    if (answer.status === 429) return { number, answer };
  }
  return { number: null, answer: null };
}

/** `isOwn`: of Parley's own API; a dialect renders errors in its own form. */
function refusalFaults(what: string, answer: Answer, isOwn: boolean): string[] {
  const faults = isOwn ? problemFaults(what, answer) : [];
  const { headers } = answer;
  if (!(Number(headers['retry-after']) > 0)) faults.push(`${what} has no Retry-After`);
  if (headers.ratelimit === undefined) faults.push(`${what} has no RateLimit`);
  if (headers['access-control-allow-origin'] !== ORIGIN)
    faults.push(`${what} has no CORS headers: a page cannot read it`);
  if (headers['x-content-type-options'] !== 'nosniff') faults.push(`${what} has no security headers`);
  return faults;
}
