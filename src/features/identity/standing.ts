import type { MembershipRole, TenantStatus } from '../../platform/database/schema.ts';
import { authErrors, userErrors } from './identity.errors.ts';

/** How a credential's user stands in the credential's tenant at this moment, whatever the credential itself says. */
export type Standing = {
  user_id: string;
  is_active: boolean;
  /** Whether the user may act in this tenant. */
  is_member_active: boolean;
  is_operator: boolean;
  tenant_id: string;
  slug: string;
  status: TenantStatus;
  migration_error: string | null;
  requires_second_factor: boolean;
  role: MembershipRole;
};

/** The columns of a standing, in a query that has `user`, `tenant` and `membership`. */
export const STANDING = [
  'user.id as user_id',
  'user.is_active',
  'user.is_operator',
  'tenant.id as tenant_id',
  'tenant.slug',
  'tenant.status',
  'tenant.migration_error',
  'tenant.requires_second_factor',
  'membership.role',
  'membership.is_active as is_member_active',
] as const;

/**
 * Refuses a user who was deactivated, and a tenant that is not served. An operator gets past the latter, to repair it.
 * @throws ApiError ERR_USER_003, ERR_AUTH_006, ERR_AUTH_007
 */
export function requireStanding(standing: Standing): void {
  if (!standing.is_active) throw userErrors.inactive();
  if (!standing.is_member_active) throw userErrors.memberInactive();
  if (standing.is_operator) return;
  if (standing.status === 'suspended') throw authErrors.tenantSuspended();
  if (standing.migration_error !== null) throw authErrors.tenantNotReady();
}
