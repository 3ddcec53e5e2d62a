import { environmentExample, loadConfig } from '../config.ts';
import { errorReference } from '../reference.ts';

/** `parley env`: says whether the settings are usable, or prints what is generated from the program. */
export async function runEnv(options: { example?: boolean; errors?: boolean }): Promise<void> {
  if (options.example) process.stdout.write(environmentExample());
  else if (options.errors) {
    // The table is filled by the features that define its rows.
    await import('../server.ts');
    process.stdout.write(errorReference());
  } else {
    await loadConfig();
    process.stdout.write('The settings are usable.\n');
  }
}
