import { readFile } from 'node:fs/promises';
import { PricesFileError, readPrices } from '../features/usage/index.ts';
import { ConfigError } from './config.ts';

/** The operator's prices. @throws ConfigError naming the file, and the entries and fields that are wrong */
export async function readPricesFile(path: string) {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new ConfigError([`PRICES_FILE names "${path}", which cannot be read: ${cause.message}`]);
  });
  try {
    return readPrices(text);
  } catch (error) {
    if (error instanceof PricesFileError) throw new ConfigError(error.faults.map((fault) => `PRICES_FILE, ${fault}`));
    throw error;
  }
}
