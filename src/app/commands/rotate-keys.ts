import { rotateSigningKey } from '../../features/identity/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';

/** `parley keys rotate`. Running servers follow at once. The embedded database must not be served meanwhile. */
export async function runRotateKeys({ overlap }: { overlap?: string }): Promise<void> {
  if (overlap !== undefined && !/^\d{1,5}$/.test(overlap)) {
    throw new CommandError('--overlap must be a whole number of minutes, such as 60.', 2);
  }
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    const kid = await rotateSigningKey(services.identity, null, overlap === undefined ? undefined : Number(overlap));
    process.stdout.write(`Access tokens are signed with the key ${kid} from now on.\n`);
  } catch (error) {
    throw error instanceof ApiError ? new CommandError(error.message, 1) : error;
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}
