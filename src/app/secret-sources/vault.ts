import { readFile } from 'node:fs/promises';
import { type Environment, fieldOf, type SecretReference } from './secret-reference.ts';

const TIMEOUT_MS = 10_000;
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * One secret from HashiCorp Vault or OpenBao, by its HTTP API. `path` is the API's path behind `/v1/`, so with the KV engine
 * version 2 it has `data` in it: `secret/data/parley`. `VAULT_ADDR` names the server; who asks is told by `VAULT_TOKEN`,
 * `VAULT_TOKEN_FILE`, or `VAULT_KUBERNETES_ROLE` with the Pod's service account.
 * https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
 */
export async function readVaultSecret({ path, field }: SecretReference, environment: Environment): Promise<string> {
  const address = environment.VAULT_ADDR?.replace(/\/+$/, '');
  if (!address) throw new Error('VAULT_ADDR is not set');
  const token = await vaultToken(address, environment);
  const answer = await ask(`${address}/v1/${path}`, { headers: headers(environment, token) });
  const { data } = answer as { data?: Record<string, unknown> };
  const fields = isVersionTwo(data) ? data.data : data;
  if (!fields) throw new Error('the answer has no data');
  return fieldOf(fields, field);
}

/** Version 2 of the KV engine wraps the fields, and tells their version beside them. */
function isVersionTwo(data: Record<string, unknown> | undefined): data is { data: Record<string, unknown> } {
  return typeof data?.data === 'object' && data.data !== null && 'metadata' in data;
}

async function vaultToken(address: string, environment: Environment): Promise<string> {
  if (environment.VAULT_TOKEN) return environment.VAULT_TOKEN.trim();
  if (environment.VAULT_TOKEN_FILE) return (await readFile(environment.VAULT_TOKEN_FILE, 'utf8')).trim();
  const role = environment.VAULT_KUBERNETES_ROLE;
  if (!role) throw new Error('VAULT_TOKEN, VAULT_TOKEN_FILE or VAULT_KUBERNETES_ROLE must be set');
  const jwt = (await readFile(environment.VAULT_KUBERNETES_TOKEN_FILE ?? SERVICE_ACCOUNT_TOKEN, 'utf8')).trim();
  const mount = environment.VAULT_KUBERNETES_MOUNT ?? 'kubernetes';
  const answer = await ask(`${address}/v1/auth/${mount}/login`, {
    method: 'POST',
    headers: headers(environment, null),
    body: JSON.stringify({ role, jwt }),
  });
  const token = (answer as { auth?: { client_token?: unknown } }).auth?.client_token;
  if (typeof token !== 'string') throw new Error('the login gave no token');
  return token;
}

function headers({ VAULT_NAMESPACE: namespace }: Environment, token: string | null): Record<string, string> {
  return {
    'X-Vault-Request': 'true',
    ...(token !== null && { 'X-Vault-Token': token }),
    ...(namespace && { 'X-Vault-Namespace': namespace }),
  };
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  const answer = await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}
