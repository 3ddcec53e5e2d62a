import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';

/** `parley secrets rotate`: seals everything with the first of ENCRYPTION_KEYS. Exit code 1 when something could not be
 * opened. The embedded database must not be served meanwhile. */
export async function runRotateSecrets(): Promise<void> {
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    let broken = 0;
    for (const store of services.sealedStores) {
      const { sealed, current, broken: lost } = await store.rotate();
      process.stdout.write(`${store.name}: ${sealed} sealed with the newest key, ${current} had it already\n`);
      for (const name of lost) process.stdout.write(`${store.name}: no key opens ${name}\n`);
      broken += lost.length;
    }
    if (broken > 0) throw new CommandError(`${broken} could not be opened; their keys are not in ENCRYPTION_KEYS.`, 1);
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}
