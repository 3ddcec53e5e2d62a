import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

export const logSettings: StaticCheck = {
  id: 'log-settings',
  kind: 'static',
  category: 'observability',
  weight: 'minor',
  title: 'In production the log is JSON, neither silent nor chatty',
  items: ['S1-44', 'S1-45', 'S1-123'],
  expected: 'LOG_FORMAT json (or unset), LOG_LEVEL info or warn',
  remedy: 'LOG_FORMAT=json LOG_LEVEL=info',
  validDays: 30,
  run: inProduction(({ logFormat, logLevel }) => {
    const faults: string[] = [];
    if (logFormat === 'pretty') faults.push('LOG_FORMAT=pretty is for people, not for a log store');
    if (!/^(info|warn|warning)$/.test(logLevel)) faults.push(`LOG_LEVEL=${logLevel}`);
    return judge(faults, `${logFormat ?? 'json'}, ${logLevel}`);
  }),
};
