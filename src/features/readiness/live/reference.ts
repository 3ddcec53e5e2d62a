import type { LiveCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { jsonOf } from '../target.ts';

type Operation = { summary?: string; responses?: Record<string, unknown>; requestBody?: unknown };
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const NEEDED = ['/v1/auth/login', '/v1/sessions', '/v1/sessions/{id}/runs', '/v1/documents', '/v1/usage', '/health'];

export const reference: LiveCheck = {
  id: 'reference',
  kind: 'live',
  category: 'documentation',
  weight: 'major',
  title: 'The reference is served, and says of every operation what it does, how it fails and what is sent to it',
  items: ['S1-80', 'S1-81', 'S1-83', 'S1-84', 'S1-85', 'S3-86', 'S3-87', 'S3-88', 'S3-89', 'S3-144'],
  expected:
    '/docs as a page; /openapi.json 3.1 with a summary and an error for each operation; credentials and versions described',
  remedy: 'let the proxy pass /docs and /openapi.json',
  validDays: 7,
  command: 'curl -sS $URL/openapi.json',
  run: async ({ ask }) => {
    const [page, raw] = [await ask('/docs'), await ask('/openapi.json')];
    const document = jsonOf(raw);
    const faults: string[] = [];
    if (!(page.status < 400)) faults.push(`/docs answers ${page.status}`);
    if (!/^3\.1/.test(String(document?.openapi)))
      faults.push(`/openapi.json says openapi "${String(document?.openapi)}"`);
    const paths = (document?.paths ?? {}) as Record<string, Record<string, Operation>>;
    for (const path of NEEDED) if (!(path in paths)) faults.push(`${path} is not in it`);
    const operations = Object.entries(paths).flatMap(([path, own]) =>
      Object.entries(own)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
    for (const { name, operation } of operations) {
      if (!operation.summary) faults.push(`${name} says nothing of what it does`);
      if (!Object.keys(operation.responses ?? {}).some((status) => /^(4|5|default)/.test(status)))
        faults.push(`${name} says no error`);
    }
    const description = String((document?.info as { description?: string } | undefined)?.description);
    if (!/Credential/i.test(description)) faults.push('nothing is said of credentials');
    if (!/Version/i.test(description)) faults.push('nothing is said of versions');
    return judge(faults.slice(0, 20), `${operations.length} operations`, [sample('/openapi.json', raw.text)]);
  },
};
