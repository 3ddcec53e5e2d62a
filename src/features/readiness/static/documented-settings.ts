import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { textOf, unlessImage } from './project-files.ts';

export const documentedSettings: StaticCheck = {
  id: 'documented-settings',
  kind: 'static',
  category: 'documentation',
  weight: 'major',
  title: '.env.example has every setting of the program with what it means, and no value that is secret',
  items: ['S0-3', 'S1-67', 'S1-117', 'S2-67', 'S3-20', 'S3-84', 'S3-145'],
  expected: 'a comment and a line for each setting',
  remedy: 'npx parley env --example > .env.example',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const example = await textOf(installation, '.env.example');
      const faults = installation.settingNames
        .filter((name) => !new RegExp(`^# .+\\n#?${name}=`, 'm').test(example ?? ''))
        .map((name) => `${name} is not in .env.example`);
      const secret = /^#?[A-Z_]*(?:SECRET|PASSWORD|API_KEY|TOKEN)[A-Z_]*=(?=\S{12})/m.exec(example ?? '');
      if (secret) faults.push(`.env.example has a value for ${secret[0].replace(/^#|=$/g, '')}`);
      return judge(faults, `${installation.settingNames.length} settings`, [sample('.env.example', example ?? '')]);
    }),
};
