import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { lacking, textOf, unlessImage } from './project-files.ts';

export const pipeline: StaticCheck = {
  id: 'pipeline',
  kind: 'static',
  category: 'reliability',
  weight: 'major',
  title: 'A pipeline checks, tests and scans every change, and releases an image with its bill of materials',
  items: ['S1-125', 'S2-66', 'S2-104', 'S2-108', 'S3-79', 'S3-85', 'S3-93', 'S3-94', 'S3-110', 'S2-74'],
  expected:
    'ci.yml: check, tests, image, a scan of dependencies; release.yml: SBOM and provenance; a hook before commits',
  remedy: 'restore .github/workflows and .githooks from the repository',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const read = (path: string) => textOf(installation, path);
      const faults = [
        ...lacking('.github/workflows/ci.yml', await read('.github/workflows/ci.yml'), [
          [/npm run check/, 'check of format, lint and types'],
          [/\.ci\/run|npm test/, 'run of the tests'],
          [/docker build|build-push-action/, 'build of the image'],
          [/npm audit|trivy|osv-scanner|dependency-review/i, 'scan of the dependencies'],
        ]),
        ...lacking('.github/workflows/release.yml', await read('.github/workflows/release.yml'), [
          [/sbom/i, 'bill of materials'],
          [/provenance|attest/i, 'provenance'],
        ]),
        ...lacking('.githooks/pre-commit', await read('.githooks/pre-commit'), [[/biome|npm run check/, 'lint']]),
      ];
      return judge(faults, 'check, test, image, scan, SBOM, provenance, hook');
    }),
};
