import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { identityWeaknesses } from './identity-weaknesses.ts';
import { projectFolder } from './project-folder.ts';
import type { Environment } from './secret-sources/secret-reference.ts';
import { resolveSecrets } from './secret-sources/secret-sources.ts';
import { type Setting, SettingFault } from './setting.ts';
import { type Settings, settings } from './settings.ts';

export type Config = Settings;

/** All that is wrong with the environment, at once, each with its fix. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * The settings of this process: the environment, completed by the file `.env` beside the program. The only reader of both.
 * Secrets may also stand in files, in Vault or in AWS Secrets Manager (see `resolveSecrets`).
 * @throws ConfigError with every fault
 */
export async function loadConfig(): Promise<Config> {
  if (process.env[NO_ENVIRONMENT_FILE] === undefined) loadEnvironmentFile(join(projectFolder, '.env'));
  return configOf(process.env);
}

/** Set for scratch installations, which must not take what stands in `.env` for the real one. */
const NO_ENVIRONMENT_FILE = 'PARLEY_NO_ENV_FILE';

/** What a scratch installation finds around it: programs, and no setting of this one. */
export function bareEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }), [NO_ENVIRONMENT_FILE]: 'true' };
}

/** Changes with every setting; of secrets only whether they are set. */
export function configurationHash(config: Config): string {
  const entries = Object.entries<Setting<unknown>>(settings).map(([name, { env, secret }]) => {
    const value = config[name as keyof Config];
    return [env, secret ? value !== null && String(value) !== '' : value];
  });
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex');
}

/** Where programs are looked for. */
export function searchPathOf(): string {
  return process.env.PATH ?? '';
}

/** @throws ConfigError with every fault */
export async function configOf(environment: Environment): Promise<Config> {
  const resolved = await resolveSecrets(environment, Object.values<Setting<unknown>>(settings));
  return readConfig(resolved.environment, resolved.faults);
}

/**
 * Reads settings from an environment whose secrets are all in their places. An empty variable counts as unset.
 * @throws ConfigError with every fault, and with those that were found `before`
 */
export function readConfig(environment: Environment, before: readonly string[] = []): Config {
  const faults = [...before];
  const values = Object.entries<Setting<unknown>>(settings).map(([name, setting]) => {
    try {
      return [name, readSetting(setting, environment)] as const;
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${setting.env} ${error.message}.`);
      return [name, setting.fallback] as const;
    }
  });
  const config = Object.fromEntries(values) as Config;
  faults.push(...weaknesses(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

/** Not the `.env` of the current folder: `parley ask` runs in folders whose files nobody vouches for. */
function loadEnvironmentFile(path: string): void {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function readSetting(setting: Setting<unknown>, environment: Environment): unknown {
  const name = [setting.env, ...(setting.aliases ?? [])].find((candidate) => environment[candidate]?.trim());
  const text = name === undefined ? undefined : environment[name]?.trim();
  return text === undefined ? setting.fallback : setting.read(text);
}

const LEAST_SECRET = 32;
const PLACEHOLDER = /change.?me|placeholder|example|your.?secret|^(.)\1+$/i;

function weaknesses(config: Config): string[] {
  const faults: string[] = [];
  if (config.allowedOrigins.includes('*')) {
    faults.push(
      'ALLOWED_ORIGINS must not be *: name each origin, because browsers send credentials with their requests.',
    );
  }
  for (const origin of config.allowedOrigins) {
    if (origin !== '*' && !isOrigin(origin)) {
      faults.push(`ALLOWED_ORIGINS has "${origin}", which is no origin; write it like https://app.example.com.`);
    }
  }
  if (config.httpsRedirect && config.trustedHosts.length === 0) {
    faults.push('HTTPS_REDIRECT needs TRUSTED_HOSTS: it leads to the host that a request names, which must be yours.');
  }
  faults.push(...identityWeaknesses(config));
  if (config.environment === 'production') faults.push(...productionWeaknesses(config));
  return faults;
}

/** As a browser sends it; one with a wildcard in it would be compared letter by letter and never match. */
function isOrigin(text: string): boolean {
  return !text.includes('*') && URL.canParse(text) && new URL(text).origin === text;
}

function productionWeaknesses(config: Config): string[] {
  const faults: string[] = [];
  const secret = config.secretKey;
  if (secret === null) {
    faults.push('SECRET_KEY is required in production. Make one: openssl rand -base64 48');
  } else if (secret.length < LEAST_SECRET || PLACEHOLDER.test(secret)) {
    faults.push(
      `SECRET_KEY must be random and have ${LEAST_SECRET} characters at least. Make one: openssl rand -base64 48`,
    );
  }
  if (config.debug) faults.push('DEBUG must be false in production.');
  return faults;
}

/** The text of `.env.example`: every setting with its default and meaning. */
export function environmentExample(): string {
  const blocks = Object.values<Setting<unknown>>(settings).map(({ env, aliases, description, example, secret }) => {
    const also = aliases ? ` Also read: ${aliases.join(', ')}.` : '';
    const kept = secret ? ' Secret.' : '';
    return `# ${description}${also}${kept}\n#${env}=${example}\n`;
  });
  return `# Settings of Parley, each with its default. Generated by \`parley env --example\`; a test keeps it true.\n\n${blocks.join('\n')}`;
}
