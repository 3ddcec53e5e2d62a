import type { Config } from './config.ts';
import { keptSecret } from './kept-secret.ts';

/** What everything is signed and sealed with: SECRET_KEY or, where that is not set, the one kept beside the data. */
export async function installationSecret({
  secretKey,
  dataDir,
}: Pick<Config, 'secretKey' | 'dataDir'>): Promise<string> {
  return secretKey ?? (await keptSecret(dataDir));
}
