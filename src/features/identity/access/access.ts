import type { Unlisten } from '../../../platform/database/database.ts';
import type { Identity } from '../identity.ts';
import { ACCESS_CHANNEL, listCredentialsOf, SIGNING_KEYS } from './access.store.ts';

/** Forgets what this process has cached of a user's credentials: the next request asks the database. */
export async function forgetAccess(identity: Identity, userId: string): Promise<void> {
  const { families, prefixes } = await listCredentialsOf(identity.database.db, userId);
  for (const id of families) identity.families.forget(id);
  for (const prefix of prefixes) identity.apiKeys.forget(prefix);
}

/**
 * Hears of changes of access that any process makes, and forgets what is cached. `onChange` is told whose, so that open
 * streams can be looked at again.
 */
export async function watchAccess(identity: Identity, onChange: (userId: string) => Promise<void>): Promise<Unlisten> {
  return identity.database.listen(ACCESS_CHANNEL, (payload) => {
    const followed =
      payload === SIGNING_KEYS
        ? identity.keyRing.refresh()
        : forgetAccess(identity, payload).then(() => onChange(payload));
    followed.catch((error: unknown) =>
      identity.log.error({ err: error }, 'a change of access could not be followed up'),
    );
  });
}
