import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

export const originsOfProduction: StaticCheck = {
  id: 'origins-of-production',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title: 'In production only pages that came by https from names of one’s own may call the API',
  items: ['S1-5', 'S1-122', 'S2-10', 'S2-121'],
  expected: 'every origin in ALLOWED_ORIGINS is https, and none is of this machine',
  remedy: 'ALLOWED_ORIGINS=https://app.example.com',
  validDays: 30,
  run: inProduction(({ allowedOrigins }) => {
    const local = /^https?:\/\/(localhost|127\.|\[::1\]|10\.|192\.168\.)/;
    const faults = allowedOrigins.flatMap((origin) => [
      ...(origin.startsWith('https://') ? [] : [`${origin} is not https`]),
      ...(local.test(origin) ? [`${origin} is of a machine of one's own`] : []),
    ]);
    return judge(faults, allowedOrigins.length === 0 ? 'none is allowed' : `${allowedOrigins.length}, all https`);
  }),
};
