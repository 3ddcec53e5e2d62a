import type { StaticCheck } from '../check.ts';
import { judge, notApplicable, notRun, sample } from '../finding.ts';

const MOST_HOURS = 26;

export const recentBackup: StaticCheck = {
  id: 'recent-backup',
  kind: 'static',
  category: 'reliability',
  weight: 'blocker',
  title: 'There is a backup of everything from today, and one that was restored for trial',
  items: ['S1-97', 'S1-129', 'S3-74', 'S3-125'],
  expected: `the newest is ${MOST_HOURS} hours old at most, and one of the newest seven was tried; asked of staging and production`,
  remedy: 'BACKUP_SCHEDULE, or `parley backup --verify` from a timer; with pgBackRest alone, waive it',
  validDays: 1,
  command: 'npx parley backup list',
  run: async ({ settings, backups }) => {
    if (settings === null || backups === null) return notRun('the settings are not usable');
    if (!/^(staging|production)$/.test(settings.environment)) return notApplicable(`this is ${settings.environment}`);
    const list = await backups();
    const hours = list[0] ? (Date.now() - Date.parse(list[0].taken_at)) / 3_600_000 : null;
    const faults: string[] = [];
    if (hours === null) faults.push('there is none');
    else if (hours > MOST_HOURS) faults.push(`the newest is ${hours.toFixed(0)} hours old`);
    if (hours !== null && !list.slice(0, 7).some(({ tried }) => tried))
      faults.push('none of the newest was restored for trial');
    return judge(faults, `${list.length}, the newest ${hours?.toFixed(1)} hours old`, [
      sample('backups', list.map(({ taken_at, tried }) => `${taken_at} ${tried ? 'tried' : ''}`).join('\n')),
    ]);
  },
};
