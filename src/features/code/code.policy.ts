import type { Principal } from '../identity/index.ts';
import { analysisErrors, repositoryErrors } from './code.errors.ts';

const ADMINS: readonly Principal['role'][] = ['admin', 'owner'];
type Actor = Pick<Principal, 'userId' | 'role'>;

/** Repositories are shared within a tenant, as documents are: everybody reads them, every member has them analysed and
 * judges findings; who added one, or an admin, changes it. */
export function assertMayChangeRepository(principal: Actor, repository: { created_by: string | null }): void {
  if (!isTheirs(principal, repository)) throw repositoryErrors.forbidden();
}

export function assertMayChangeAnalysis(principal: Actor, analysis: { created_by: string | null }): void {
  if (!isTheirs(principal, analysis)) throw analysisErrors.forbidden();
}

function isTheirs({ userId, role }: Actor, { created_by }: { created_by: string | null }): boolean {
  return created_by === userId || ADMINS.includes(role);
}
