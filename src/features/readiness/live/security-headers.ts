import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { isProduction } from '../installation.ts';

const WANTED: readonly (readonly [string, RegExp])[] = [
  ['x-content-type-options', /^nosniff$/],
  ['x-frame-options', /^(DENY|SAMEORIGIN)$/i],
  ['referrer-policy', /^(no-referrer|same-origin|strict-origin)/],
  ['content-security-policy', /default-src 'none'|default-src 'self'/],
  ['cross-origin-opener-policy', /^same-origin/],
];
const TELLING = ['server', 'x-powered-by'] as const;
const PATHS = ['/health', '/v1/sessions', '/nothing-is-here', '/'] as const;

export const securityHeaders: LiveCheck = {
  id: 'security-headers',
  kind: 'live',
  category: 'security',
  weight: 'major',
  title: 'Every answer, errors and the console too, carries the security headers and tells nothing of the server',
  items: ['S3-52', 'S3-53', 'S3-54', 'S3-61', 'S3-100', 'S3-138'],
  expected: `${WANTED.map(([name]) => name).join(', ')} on ${PATHS.join(', ')}; HSTS in production; no ${TELLING.join(', ')}`,
  remedy: 'look for a proxy that drops headers or adds its own name',
  validDays: 7,
  command: 'curl -sSi $URL/health',
  run: async ({ ask, settings }) => {
    const strict = settings !== null && isProduction(settings);
    const faults: string[] = [];
    const seen: string[] = [];
    for (const path of PATHS) {
      const { status, headers } = await ask(path);
      const header = (name: string) => String(headers[name] ?? '');
      for (const [name, form] of WANTED)
        if (!form.test(header(name))) faults.push(`${path} (${status}): ${name} is "${header(name)}"`);
      if (strict && !/max-age=\d{7,}/.test(header('strict-transport-security')))
        faults.push(`${path}: no strict-transport-security`);
      for (const name of TELLING) if (/\d/.test(header(name))) faults.push(`${path}: ${name} tells "${header(name)}"`);
      seen.push(`${path} ${status} ${JSON.stringify(headers)}`);
    }
    return judge(faults, `all of them on ${PATHS.length} addresses`, [sample('headers', seen.join('\n'))]);
  },
};
