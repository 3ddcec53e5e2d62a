import { readFile } from 'node:fs/promises';
import { isGenuineReceipt } from '../../features/tenancy/index.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { installationSecret } from '../installation-secret.ts';

/** `parley receipt verify <file>`: whether this installation gave a receipt, of something forgotten or of a deleted tenant,
 * just so. Needs the secret and no database. Exit code 1 where it did not. */
export async function runReceiptVerify(file: string): Promise<void> {
  const signed = await readSigned(file);
  if (!isGenuineReceipt(await installationSecret(await loadConfig()), signed)) {
    throw new CommandError('This receipt is not genuine: it was changed, or another installation gave it.', 1);
  }
  process.stdout.write(`Genuine: ${JSON.stringify(signed.receipt, null, 2)}\n`);
}

/** A file with `receipt` and `signature`, as the API gives them, among whatever else. */
async function readSigned(file: string): Promise<{ receipt: unknown; signature: string }> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read: ${cause.code}.`, 1);
  });
  try {
    const { receipt, signature } = JSON.parse(text) as { receipt?: unknown; signature?: unknown };
    if (typeof receipt === 'object' && receipt !== null && typeof signature === 'string') return { receipt, signature };
  } catch {
    // The same fault as JSON of another shape.
  }
  throw new CommandError(`${file} holds no receipt: it must be JSON with "receipt" and "signature".`, 2);
}
