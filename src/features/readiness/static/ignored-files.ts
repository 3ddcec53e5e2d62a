import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { lacking, textOf, unlessImage } from './project-files.ts';

const WANTED = [
  '.env',
  '.env.*',
  '*.log',
  '*.db',
  'node_modules',
  'dist/',
  'build/',
  '.DS_Store',
  'data/',
  'deploy/secrets/',
];

export const ignoredFiles: StaticCheck = {
  id: 'ignored-files',
  kind: 'static',
  category: 'security',
  weight: 'minor',
  title: 'Git and the image leave out what is secret or made',
  items: ['S1-23', 'S1-24', 'S1-107', 'S2-123'],
  expected: `.gitignore has ${WANTED.join(', ')}; .dockerignore leaves out .env and data`,
  remedy: 'restore the two files from the repository',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const ignored = await textOf(installation, '.gitignore');
      const lines = new Set((ignored ?? '').split('\n').map((line) => line.trim()));
      const faults = WANTED.filter((name) => !lines.has(name)).map((name) => `.gitignore lacks ${name}`);
      const image = await textOf(installation, '.dockerignore');
      // A list that lets in what is named, or one that keeps out.
      const keepsOut =
        /^\*\*?$/m.test(image ?? '') ||
        lacking('', image, [
          [/^\.env/m, ''],
          [/^data/m, ''],
        ]).length === 0;
      if (!keepsOut) faults.push('.dockerignore lets .env or data into the image');
      return judge(faults, 'all of it', [sample('.gitignore', ignored ?? '')]);
    }),
};
