import { type Config, ConfigError, loadConfig } from '../config.ts';
import { checkDatabase } from './check-database.ts';
import { checkProject } from './check-project.ts';
import { checkTools } from './check-tools.ts';
import { checkVersions } from './check-versions.ts';
import type { Finding } from './finding.ts';

type Step = { title: string; run(config: Config | null): Promise<readonly Finding[]> };

export const EXIT_PASSED = 0;
export const EXIT_FAILED = 2;

const MARKS = { ok: '  ok      ', warning: '  warning ', fault: '  FAILED  ' } as const;

/** Runs the five steps, says what each found, and returns the exit code. */
export async function checkEnvironment(say: (line: string) => void): Promise<number> {
  let config: Config | null = null;
  const steps: readonly Step[] = [
    {
      title: 'Settings',
      run: async () => {
        const read = await readSettings();
        config = read.config;
        return read.findings;
      },
    },
    { title: 'Versions', run: checkVersions },
    { title: 'Tools', run: checkTools },
    { title: 'Database', run: checkDatabase },
    { title: 'Project', run: checkProject },
  ];
  let failed = 0;
  for (const [index, { title, run }] of steps.entries()) {
    say(`${index + 1}/${steps.length} ${title}`);
    const findings = await run(config);
    for (const { kind, text } of findings) say(MARKS[kind] + text);
    failed += findings.filter(({ kind }) => kind === 'fault').length;
  }
  say(failed === 0 ? 'All validations passed' : `${failed} validation(s) failed`);
  return failed === 0 ? EXIT_PASSED : EXIT_FAILED;
}

async function readSettings(): Promise<{ config: Config | null; findings: readonly Finding[] }> {
  try {
    const config = await loadConfig();
    const findings: Finding[] = [{ kind: 'ok', text: `usable for ${config.environment}` }];
    if (config.secretKey === null) {
      findings.push({ kind: 'warning', text: 'SECRET_KEY is not set: one is made and kept in DATA_DIR' });
    }
    return { config, findings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: null, findings: error.faults.map((text) => ({ kind: 'fault', text })) };
  }
}
