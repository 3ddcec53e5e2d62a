import { createHmac } from 'node:crypto';
import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

const CLAIMS = { sub: '00000000-0000-7000-8000-000000000000', role: 'owner', tenant: 'platform', operator: true };

export const forgedTokens: LiveCheck = {
  id: 'forged-tokens',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'A token that this installation did not sign is refused, whatever it says of its algorithm',
  items: ['S1-10', 'S3-9', 'S3-11', 'S2-118'],
  expected: '401 with WWW-Authenticate for garbage, alg none, and HS256 under well-known secrets',
  remedy: 'change SECRET_KEY at once if a guess opened the door; else report it as SECURITY.md says',
  validDays: 7,
  command: "curl -sSi -H 'Authorization: Bearer garbage' $URL/v1/sessions",
  run: async ({ ask }) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { ...CLAIMS, iat: now, exp: now + 3_600 };
    const tokens: readonly (readonly [string, string])[] = [
      ['garbage', 'garbage'],
      ['alg none', `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`],
      ...['secret', 'changeme', 'your-secret-key', ''].map(
        (secret) => [`HS256 under "${secret}"`, signed(claims, secret)] as const,
      ),
      ['an API key that was never given', `parley_${'0'.repeat(40)}`],
    ];
    const faults: string[] = [];
    const seen: string[] = [];
    for (const [what, token] of tokens) {
      const { status, headers } = await ask('/v1/sessions', { headers: { authorization: `Bearer ${token}` } });
      if (status !== 401) faults.push(`${what} is answered by ${status}`);
      else if (headers['www-authenticate'] === undefined) faults.push(`${what}: no WWW-Authenticate`);
      seen.push(`${what}: ${status}`);
    }
    return judge(faults, `${tokens.length} refused`, [sample('answers', seen.join('\n'))]);
  },
};

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signed(claims: object, secret: string): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
