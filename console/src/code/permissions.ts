import type { Credentials } from '../api/credentials.ts';

type Actor = { role: Credentials['tenant']['role']; userId: string };
type Made = { created_by: string | null };

/** What somebody may do with code, as the server decides it: what they may not is not offered. */
export type CodePermissions = {
  /** Add repositories, analyse any of them, judge findings. */
  work: boolean;
  /** Change or delete a repository, cancel or delete an analysis. */
  change: (made: Made) => boolean;
  /** Decide for the tenant whether a model is asked. */
  administer: boolean;
};

export function permissionsOf({ role, userId }: Actor): CodePermissions {
  const administer = role === 'admin' || role === 'owner';
  const work = administer || role === 'member';
  return { work, administer, change: ({ created_by }) => administer || (work && created_by === userId) };
}
