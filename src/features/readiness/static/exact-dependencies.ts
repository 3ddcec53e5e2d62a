import type { StaticCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { textOf } from './project-files.ts';

type Manifest = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
type Lock = { packages?: Record<string, { version?: string; integrity?: string; link?: boolean; resolved?: string }> };

export const exactDependencies: StaticCheck = {
  id: 'exact-dependencies',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title: 'Every dependency has one exact version, and the lock file a checksum for each package that is installed',
  items: ['S0-9', 'S2-132', 'S3-140'],
  expected:
    'no range in package.json; every package that is installed has its integrity in the lock file; what is installed is what is locked',
  remedy: 'npm ci; for a range, npm install --save-exact',
  validDays: 7,
  command: 'npm ls --omit=dev',
  run: async (installation) => {
    const manifest = parsed<Manifest>(await textOf(installation, 'package.json'));
    const lockText = await textOf(installation, 'package-lock.json');
    const lock = parsed<Lock>(lockText);
    if (manifest === null || lock === null)
      return judge(['package.json or package-lock.json is missing or no JSON'], '');
    const all = Object.entries({ ...manifest.devDependencies, ...manifest.dependencies });
    const faults = all
      .filter(([, range]) => !/^\d+\.\d+\.\d+[\w.-]*$/.test(range))
      .map(([name, range]) => `${name} may be ${range}`);
    const locked = Object.entries(lock.packages ?? {}).filter(([path, { link }]) => path !== '' && !link);
    const present = await Promise.all(locked.map(([path]) => textOf(installation, `${path}/package.json`)));
    const unchecked = locked.filter(([, { integrity }], index) => integrity === undefined && present[index] !== null);
    faults.push(...unchecked.slice(0, 10).map(([path]) => `${path} has no integrity`));
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const installed = parsed<{ version?: string }>(await textOf(installation, `node_modules/${name}/package.json`));
      const wanted = lock.packages?.[`node_modules/${name}`]?.version;
      if (installed?.version !== wanted)
        faults.push(`${name} is ${installed?.version ?? 'missing'} instead of ${wanted ?? 'locked'}`);
    }
    return judge(faults, `${all.length} exact versions, ${locked.length} checksums`, [
      sample('package-lock.json', lockText ?? ''),
    ]);
  },
};

function parsed<Content>(text: string | null): Content | null {
  try {
    return text === null ? null : (JSON.parse(text) as Content);
  } catch {
    // Told as the fault that it is.
    return null;
  }
}
