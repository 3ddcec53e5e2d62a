export { type RequiredRole, ROLES, type Role } from './identity.policy.ts';
export { identityRoutes } from './identity.routes.ts';
export { createFirstOperator, type FirstOperator, resetPassword } from './identity.service.ts';
export { createIdentity, type Identity, type IdentityOptions } from './identity.ts';
export { authenticate, authenticateToken, type CredentialHeaders, type Principal, requireRole } from './principal.ts';
