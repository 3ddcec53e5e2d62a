import { newId } from '../../../platform/id.ts';
import { findTenantById, findTenantBySlug, isSlug, type Tenant, type TenantRow } from '../../tenancy/index.ts';
import { authErrors } from '../identity.errors.ts';
import type { Identity } from '../identity.ts';
import { visitorSettings } from './visitor-settings.schema.ts';

export type Visitor = { visitorId: string; tenant: Tenant; keepDays: number };

export type Welcome = { visitorId: string; tenant: Tenant; token: string; expiresIn: number };

/**
 * A visitor's credential for a tenant that takes visitors: of somebody new, or, with a token of theirs that ended less than
 * 31 days ago, of the same visitor, who then still has their sessions.
 * @throws ApiError ERR_AUTH_020, the same for a tenant that takes none and for one that is not there
 */
export async function welcomeVisitor(identity: Identity, slug: string, earlier: string | undefined): Promise<Welcome> {
  const tenant = isSlug(slug) ? await findTenantBySlug(identity.database.db, slug) : undefined;
  if (!tenant || !isServed(tenant) || !(await allows(identity, tenant))) {
    identity.countVisitor('refused');
    throw authErrors.noVisitors();
  }
  const known = earlier === undefined ? null : await identity.visitorTokens.readExpired(earlier);
  const isKnown = known?.tenantId === tenant.id;
  identity.countVisitor(isKnown ? 'again' : 'new');
  const visitorId = isKnown ? known.visitorId : newId();
  const token = await identity.visitorTokens.issue({ visitorId, tenantId: tenant.id });
  const { id, slug: name } = tenant;
  return { visitorId, tenant: { id, slug: name }, token, expiresIn: identity.visitorTokens.lifetime };
}

/** Whom a visitor's token proves; null for what is none. The tenant may have changed its mind since.
 * @throws ApiError ERR_AUTH_003, ERR_AUTH_006, ERR_AUTH_007 */
export async function findVisitor(identity: Identity, token: string): Promise<Visitor | null> {
  const claims = await identity.visitorTokens.read(token);
  if (!claims) return null;
  const { tenantId, visitorId } = claims;
  const tenant = await identity.visitedTenants.get(tenantId, () => findTenantById(identity.database.db, tenantId));
  if (!tenant) return null;
  if (tenant.status === 'suspended') throw authErrors.tenantSuspended();
  if (!isServed(tenant)) throw authErrors.tenantNotReady();
  if (!(await allows(identity, tenant))) throw authErrors.forbidden('This tenant takes no visitors.');
  const keepDays = await identity.settings.read(tenant, visitorSettings.keep_days);
  return { visitorId, tenant: { id: tenant.id, slug: tenant.slug }, keepDays };
}

function isServed({ status, migration_error }: TenantRow): boolean {
  return status === 'active' && migration_error === null;
}

function allows(identity: Identity, tenant: Tenant): Promise<boolean> {
  return identity.settings.read(tenant, visitorSettings.allowed);
}
