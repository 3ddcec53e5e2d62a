import type { LiveCheck } from '../check.ts';
import { judge, notApplicable } from '../finding.ts';

export const foreignHost: LiveCheck = {
  id: 'foreign-host',
  kind: 'live',
  category: 'security',
  weight: 'major',
  title: 'Where names are listed, a request under a foreign name gets nothing',
  items: ['S3-55'],
  expected: '421, or a refusal of the proxy, for Host: foreign.readiness.example',
  remedy: 'TRUSTED_HOSTS of the server that is asked must be those of these settings',
  validDays: 7,
  run: async ({ ask, settings }) => {
    if ((settings?.trustedHosts.length ?? 0) === 0) return notApplicable('no name is listed in TRUSTED_HOSTS');
    const { status } = await ask('/v1/sessions', { headers: { host: 'foreign.readiness.example' } });
    return judge(
      status >= 400 && status !== 401 && status < 500 ? [] : [`it is answered by ${status}`],
      `refused by ${status}`,
    );
  },
};
