import { createFreshCache, type FreshCache } from '../../platform/cache/fresh-cache.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Migration } from '../../platform/database/migrations/migration.ts';
import type { Outbox } from '../../platform/mail/outbox.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { noQuotas, type QuotaOf, type TenantRow, type TenantSettings } from '../tenancy/index.ts';
import type { ApiKeyStateRow } from './api-key/api-key.store.ts';
import type { LoginLock } from './login-lock/login-lock.ts';
import type { OauthProvider } from './oauth/oauth-provider.ts';
import { createPasswordHasher, type PasswordHasher } from './password/password-hasher.ts';
import { createKeyRing, type KeyRing, type TokenAlgorithm } from './signing-key/key-ring.ts';
import { type AccessTokens, createAccessTokens } from './token/access-token.ts';
import type { FamilyStateRow } from './token/token-family.store.ts';
import { createVisitorTokens, type VisitorTokens } from './token/visitor-token.ts';

/** What the functions of this feature work with. */
export type Identity = {
  readonly database: Database;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly passwords: PasswordHasher;
  readonly tokens: AccessTokens;
  /** By family id. */
  readonly families: FreshCache<FamilyStateRow>;
  /** By prefix. */
  readonly apiKeys: FreshCache<ApiKeyStateRow>;
  readonly visitorTokens: VisitorTokens;
  /** Tenants whose visitors were here of late, by id. */
  readonly visitedTenants: FreshCache<TenantRow>;
  readonly settings: Pick<TenantSettings, 'read'>;
  readonly loginLock: LoginLock;
  /** What signs access tokens. */
  readonly keyRing: KeyRing;
  /** Null where the installation sends no mail. */
  readonly outbox: Outbox | null;
  readonly box: SecretBox;
  /** Where people open the console, without a slash at the end: links in mails begin with it. */
  readonly publicUrl: string;
  /** By name. */
  readonly providers: ReadonlyMap<string, OauthProvider>;
  /** Where a sign-in at a provider may lead back to. */
  readonly redirectUris: readonly string[];
  /** Whether a login is refused until the e-mail address is verified. */
  readonly requireVerifiedEmail: boolean;
  /** What tenants may have of members. */
  readonly quotaOf: QuotaOf;
  countLogin(outcome: LoginOutcome): void;
  countVisitor(outcome: VisitorOutcome): void;
  /** ms that a failed login takes at least. */
  readonly failureFloor: number;
};

export type VisitorOutcome = 'new' | 'again' | 'refused';
export type LoginOutcome = 'success' | 'wrong' | 'locked' | 'second-factor' | 'refused';

export type IdentityOptions = {
  database: Database;
  /** What a new tenant's schema is made of. */
  migrations: readonly Migration[];
  clock: Clock;
  log: Logger;
  /** Signs access tokens, through keys that are derived from it. */
  secretKey: string;
  /** Life of an access token, seconds. */
  accessTokenLifetime: number;
  loginLock?: LoginLock;
  passwords?: PasswordHasher;
  failureFloor?: number;
  algorithm: TokenAlgorithm;
  outbox: Outbox | null;
  box: SecretBox;
  publicUrl: string;
  providers?: readonly OauthProvider[];
  /** Besides the console's own. */
  redirectUris?: readonly string[];
  requireVerifiedEmail?: boolean;
  quotaOf?: QuotaOf;
  countLogin?(outcome: LoginOutcome): void;
  countVisitor?(outcome: VisitorOutcome): void;
  /** Left out: every tenant has the defaults, and takes no visitors. */
  settings?: Pick<TenantSettings, 'read'>;
};

/** How long another process's revocation may go unnoticed, ms. One query per credential and second is what it costs. */
const STATE_LIFETIME_MS = 1_000;
/** About 1 kB each. */
const STATE_CAPACITY = 10_000;

/** An argon2id verification takes 10 ms, one of an old bcrypt hash 50 to 200: without a floor the time would tell which
 * accounts exist. */
const FAILURE_FLOOR_MS = 400;

const DEFAULT_LOCK: LoginLock = { failures: 10, minutes: 15 };

export function createIdentity(options: IdentityOptions): Identity {
  const { database, migrations, clock, log, secretKey, accessTokenLifetime } = options;
  const { algorithm, box, outbox, publicUrl, providers = [] } = options;
  const keyRing = createKeyRing({ database, clock, box, algorithm, secretKey, tokenLifetime: accessTokenLifetime });
  const states = { capacity: STATE_CAPACITY, lifetime: STATE_LIFETIME_MS, clock };
  return {
    database,
    migrations,
    clock,
    log,
    passwords: options.passwords ?? createPasswordHasher(),
    tokens: createAccessTokens({ keyRing, lifetime: accessTokenLifetime, clock }),
    visitorTokens: createVisitorTokens({ keyRing, lifetime: accessTokenLifetime, clock }),
    visitedTenants: createFreshCache<TenantRow>(states),
    settings: options.settings ?? { read: async (_tenant, setting) => setting.fallback },
    keyRing,
    outbox,
    box,
    publicUrl,
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    redirectUris: [`${publicUrl}/sign-in/callback`, ...(options.redirectUris ?? [])],
    requireVerifiedEmail: options.requireVerifiedEmail ?? false,
    quotaOf: options.quotaOf ?? noQuotas,
    countLogin: options.countLogin ?? (() => undefined),
    countVisitor: options.countVisitor ?? (() => undefined),
    families: createFreshCache<FamilyStateRow>(states),
    apiKeys: createFreshCache<ApiKeyStateRow>(states),
    loginLock: options.loginLock ?? DEFAULT_LOCK,
    failureFloor: options.failureFloor ?? FAILURE_FLOOR_MS,
  };
}
