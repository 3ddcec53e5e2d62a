import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';

const WEAK = { ENVIRONMENT: 'production', SECRET_KEY: 'changeme', DEBUG: 'true', ALLOWED_ORIGINS: '*', PORT: 'many' };

export const weakProductionRefused: ScratchCheck = {
  id: 'weak-production-refused',
  kind: 'drill',
  category: 'security',
  weight: 'blocker',
  title:
    'In production the program does not start with a weak secret, DEBUG or a wildcard origin, and names every fault at once',
  items: ['S1-20', 'S1-21', 'S1-65', 'S1-66', 'S1-1', 'S3-59', 'S3-121'],
  expected: `exit code 78, and ${['SECRET_KEY', 'DEBUG', 'ALLOWED_ORIGINS', 'PORT'].join(', ')} named`,
  remedy: 'report it: this is a fault of the program',
  validDays: 90,
  run: async (workshop) => {
    const { code, out, err } = await workshop.run(['serve'], { ...WEAK, DATA_DIR: await workshop.folder() });
    const faults = ['SECRET_KEY', 'DEBUG', 'ALLOWED_ORIGINS', 'PORT']
      .filter((name) => !err.includes(name))
      .map((name) => `${name} is not named`);
    if (code !== 78) faults.push(`the exit code is ${code}`);
    if (err.includes('changeme')) faults.push('the secret is told');
    return judge(faults, 'refused, with four faults', [sample('output', out + err)]);
  },
};
