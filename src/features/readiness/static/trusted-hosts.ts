import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

export const trustedHosts: StaticCheck = {
  id: 'trusted-hosts',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title: 'In production the server answers to its own names only',
  items: ['S3-55', 'S3-128'],
  expected: 'TRUSTED_HOSTS names at least one host',
  remedy: 'TRUSTED_HOSTS=api.example.com',
  validDays: 30,
  run: inProduction(({ trustedHosts: names }) =>
    judge(names.length === 0 ? ['TRUSTED_HOSTS is empty: any Host header is taken'] : [], names.join(', ')),
  ),
};
