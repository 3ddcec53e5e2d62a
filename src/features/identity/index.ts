export { watchAccess } from './access/access.ts';
export { type RequiredRole, ROLES, type Role } from './identity.policy.ts';
export { identityRoutes } from './identity.routes.ts';
export { createFirstOperator, type FirstOperator, resetPassword } from './identity.service.ts';
export { createIdentity, type Identity, type IdentityOptions } from './identity.ts';
export { createGithubProvider } from './oauth/github-provider.ts';
export { type OauthProvider, OauthRefusedError } from './oauth/oauth-provider.ts';
export { createOpenidProvider } from './oauth/openid-provider.ts';
export {
  authenticate,
  authenticateToken,
  type CredentialHeaders,
  type Principal,
  requireRole,
  requireWelcome,
} from './principal.ts';
export { sealedStoresOf } from './sealed-stores.ts';
export { rotateSigningKey } from './signing-key/signing-key.service.ts';
export { visitorSettings } from './visitor/visitor-settings.schema.ts';
