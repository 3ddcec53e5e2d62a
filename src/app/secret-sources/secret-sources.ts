import { readFile } from 'node:fs/promises';
import { type Setting, SettingFault } from '../setting.ts';
import { readAwsSecret } from './aws-secrets-manager.ts';
import type { Environment, SecretSource } from './secret-reference.ts';
import { readVaultSecret } from './vault.ts';

const SOURCES: Readonly<Record<string, SecretSource>> = {
  'vault:': readVaultSecret,
  'aws-secrets-manager:': readAwsSecret,
};

export type ResolvedEnvironment = { environment: Environment; faults: readonly string[] };

/**
 * Where the value of a secret setting may stand instead of in the environment itself:
 * - `<NAME>_FILE` names a file with it, as Docker and Kubernetes mount secrets;
 * - `vault://<path>#<field>` reads HashiCorp Vault or OpenBao, `aws-secrets-manager://<name>#<field>` reads AWS.
 * Each is read once, at the start.
 * The environment with every secret in its place; what could not be read is told in `faults`, and is then unset.
 */
export async function resolveSecrets(
  environment: Environment,
  settings: readonly Setting<unknown>[],
): Promise<ResolvedEnvironment> {
  const names = settings.filter(({ secret }) => secret).flatMap(({ env, aliases }) => [env, ...(aliases ?? [])]);
  const read = await Promise.all(
    names.map(async (name) => {
      try {
        return { name, value: await resolve(name, environment), faults: [] };
      } catch (error) {
        if (!(error instanceof SettingFault)) throw error;
        return { name, value: undefined, faults: [`${error.message}.`] };
      }
    }),
  );
  const secrets = Object.fromEntries(read.map(({ name, value }) => [name, value]));
  return { environment: { ...environment, ...secrets }, faults: read.flatMap(({ faults }) => faults) };
}

async function resolve(name: string, environment: Environment): Promise<string | undefined> {
  const value = environment[name]?.trim();
  const file = environment[`${name}_FILE`]?.trim();
  if (file && value) throw new SettingFault(`${name} and ${name}_FILE are both set: keep one`);
  if (file) return readSecretFile(name, file);
  const source = value && URL.canParse(value) ? SOURCES[new URL(value).protocol] : undefined;
  return value && source ? readReference(name, value, source, environment) : value;
}

async function readSecretFile(name: string, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SettingFault(`${name}_FILE names ${file}, which cannot be read (${error.code})`);
  });
  if (text.trim() === '') throw new SettingFault(`${name}_FILE names ${file}, which is empty`);
  return text.trim();
}

async function readReference(
  name: string,
  value: string,
  source: SecretSource,
  environment: Environment,
): Promise<string> {
  const [, path = '', field = null] = /^[a-z-]+:\/\/([^#]+)(?:#(.+))?$/.exec(value) ?? [];
  if (path === '') throw new SettingFault(`${name} names no secret: write it like vault://secret/data/parley#field`);
  try {
    return await source({ path, field }, environment);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingFault(`${name} could not be read from ${value}: ${reason}`);
  }
}
