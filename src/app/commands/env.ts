import { environmentExample } from '../config.ts';
import { checkEnvironment } from '../environment-check/check-environment.ts';

/**
 * `parley env`: checks in five steps whether the program can run here, or prints what is generated from it. Nothing is changed.
 * Exit codes: 0 all validations passed (a warning is none that fails); 2 one failed; 1 the check itself failed.
 */
export async function runEnv(options: { example?: boolean; errors?: boolean }): Promise<void> {
  if (options.example) process.stdout.write(environmentExample());
  else if (options.errors) {
    // The table is filled by the features that define its rows.
    await import('../server.ts');
    const { errorReference } = await import('../reference.ts');
    process.stdout.write(errorReference());
  } else {
    process.exitCode = await checkEnvironment((line) => process.stdout.write(`${line}\n`)).catch((error: unknown) => {
      process.stderr.write(`The check failed: ${error instanceof Error ? error.message : error}\n`);
      return 1;
    });
  }
}
