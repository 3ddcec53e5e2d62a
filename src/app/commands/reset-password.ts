import { resetPassword } from '../../features/identity/index.ts';
import { loadConfig } from '../config.ts';
import { CommandError } from '../failures.ts';
import { prepareDatabase } from '../installation.ts';
import { openCommandLog, openServices } from '../open.ts';

/** `parley reset-password`: the way back in for who lost a password. The embedded database must not be served meanwhile. */
export async function runResetPassword(email: string, options: { secondFactor?: boolean }): Promise<void> {
  const services = await openServices(await loadConfig(), openCommandLog());
  try {
    await prepareDatabase(services);
    const password = await resetPassword(services.identity, email, options);
    if (password === null) throw new CommandError(`There is no account with the e-mail address "${email}".`, 1);
    process.stdout.write(`The new password of ${email}, shown this once:\n\n  ${password}\n`);
  } finally {
    await services.documents.close();
    await services.database.close();
  }
}
