import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { lacking, textOf, unlessImage } from './project-files.ts';

export const hardenedDeployment: StaticCheck = {
  id: 'hardened-deployment',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title:
    'The image has several stages and runs as nobody; compose and Kubernetes give it a read-only root, limits, and secrets from files',
  items: [
    'S1-15',
    'S1-16',
    'S1-18',
    'S1-68',
    'S1-69',
    'S1-70',
    'S1-71',
    'S1-73',
    'S1-74',
    'S1-114',
    'S3-17',
    'S3-80',
    'S1-126',
  ],
  expected:
    'two FROM, USER 1000, no --watch; read_only, cap_drop ALL, secrets by file, 2 CPUs and 2 GB at most; runAsNonRoot',
  remedy: 'restore deploy/ from the repository',
  validDays: 30,
  run: (installation) =>
    unlessImage(installation, async () => {
      const [dockerfile, compose, server] = await Promise.all(
        ['deploy/Dockerfile', 'deploy/compose.yaml', 'deploy/kubernetes/base/server.yaml'].map((path) =>
          textOf(installation, path),
        ),
      );
      const faults = [
        ...lacking('deploy/Dockerfile', dockerfile ?? null, [
          [/^FROM [^\n]+ AS [\s\S]*^FROM /m, 'second stage'],
          [/^USER (?!root|0\b)\d+/m, 'USER that is not root'],
          [/^HEALTHCHECK/m, 'HEALTHCHECK'],
        ]),
        ...lacking('deploy/compose.yaml', compose ?? null, [
          [/read_only: true/, 'read-only root'],
          [/cap_drop: \[ALL\]/, 'cap_drop of all capabilities'],
          [/SECRET_KEY_FILE: \/run\/secrets\//, 'secret from a file'],
          [/cpus: ["']?2/, 'limit of processors'],
          [/memory: 2(G|048M)/i, 'limit of memory'],
        ]),
        ...lacking('deploy/kubernetes/base/server.yaml', server ?? null, [
          [/runAsNonRoot: true/, 'runAsNonRoot'],
          [/readOnlyRootFilesystem: true/, 'read-only root'],
          [/readinessProbe:/, 'readiness probe'],
          [/livenessProbe:/, 'liveness probe'],
        ]),
      ];
      if (/--watch|npm run dev/.test(dockerfile ?? '')) faults.push('deploy/Dockerfile reloads what changes');
      const literal = /^ *[A-Z_]*(?:PASSWORD|SECRET_KEY|API_KEY): *["']?(?!\$\{)[^\s"'#]+/m.exec(compose ?? '');
      if (literal) faults.push(`deploy/compose.yaml has a secret in it: ${literal[0].trim().split(':')[0]}`);
      return judge(faults, 'as it should be', [
        sample('deploy/Dockerfile', dockerfile ?? ''),
        sample('deploy/compose.yaml', compose ?? ''),
      ]);
    }),
};
