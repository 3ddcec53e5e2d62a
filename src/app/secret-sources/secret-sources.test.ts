import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, configOf } from '../config.ts';

const SECRET = 'Xq3m7Vv1kPz8Rw5tYb2nLc9sJd4fHg6a';
const cleanUps: (() => unknown)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-secrets-'));
  cleanUps.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function fileWith(content: string): Promise<string> {
  const path = join(folder, 'secret');
  await writeFile(path, content);
  return path;
}

async function faultsOf(environment: Record<string, string>): Promise<readonly string[]> {
  try {
    await configOf(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
}

describe('a secret in a file', () => {
  test('is read without the line break at its end', async () => {
    expect((await configOf({ SECRET_KEY_FILE: await fileWith(`${SECRET}\n`) })).secretKey).toBe(SECRET);
  });

  test('has a file for its other names, too', async () => {
    expect((await configOf({ JWT_SECRET_FILE: await fileWith(SECRET) })).secretKey).toBe(SECRET);
  });

  test('is refused when it is set twice, cannot be read or is empty, with every other fault', async () => {
    const faults = await faultsOf({
      SECRET_KEY: SECRET,
      SECRET_KEY_FILE: await fileWith(SECRET),
      DATABASE_URL_FILE: join(folder, 'none'),
      PORT: 'eight',
    });
    expect(faults).toEqual([
      expect.stringMatching(/^DATABASE_URL_FILE names .*none, which cannot be read \(ENOENT\)\.$/),
      'SECRET_KEY and SECRET_KEY_FILE are both set: keep one.',
      expect.stringMatching(/^PORT must be/),
    ]);
    expect(await faultsOf({ SECRET_KEY_FILE: await fileWith(' \n') })).toEqual([expect.stringContaining('is empty')]);
  });

  test('is looked for only where a setting is a secret', async () => {
    expect((await configOf({ HOST_FILE: '/none' })).host).toBe('127.0.0.1');
  });
});

type Answer = { status: number; body: unknown };

/** A peer over HTTP that answers as the documents of Vault and AWS say; neither can be had here. */
async function servePeer(answer: (request: IncomingMessage, body: string) => Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const { status, body } = answer(request, await text(request));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const forbidden = { status: 403, body: { errors: ['permission denied'] } };

/** KV version 2 at secret/, version 1 at old/, and the Kubernetes login. */
function vault({ method, url, headers }: IncomingMessage, body: string): Answer {
  if (method === 'POST' && url === '/v1/auth/kubernetes/login') {
    const { role, jwt } = JSON.parse(body);
    return role === 'parley' && jwt === 'pod' ? { status: 200, body: { auth: { client_token: 'hvs.1' } } } : forbidden;
  }
  if (headers['x-vault-token'] !== 'hvs.1') return forbidden;
  const fields = { secret_key: SECRET, other: 'x' };
  if (url === '/v1/secret/data/parley') {
    return { status: 200, body: { data: { data: fields, metadata: { version: 3 } } } };
  }
  if (url === '/v1/old/parley') return { status: 200, body: { data: fields } };
  return { status: 404, body: { errors: [] } };
}

describe('a secret in Vault', () => {
  test.each(['vault://secret/data/parley#secret_key', 'vault://old/parley#secret_key'])('%s', async (reference) => {
    const address = await servePeer(vault);
    const config = await configOf({ SECRET_KEY: reference, VAULT_ADDR: `${address}/`, VAULT_TOKEN: 'hvs.1' });
    expect(config.secretKey).toBe(SECRET);
  });

  test('is read as the Pod’s service account', async () => {
    const config = await configOf({
      SECRET_KEY: 'vault://secret/data/parley#secret_key',
      VAULT_ADDR: await servePeer(vault),
      VAULT_KUBERNETES_ROLE: 'parley',
      VAULT_KUBERNETES_TOKEN_FILE: await fileWith('pod\n'),
    });
    expect(config.secretKey).toBe(SECRET);
  });

  test.each([
    ['vault://secret/data/parley#none', { VAULT_TOKEN: 'hvs.1' }, 'it has no field "none"'],
    ['vault://secret/data/parley', { VAULT_TOKEN: 'hvs.1' }, 'it has 2 fields; name one behind #'],
    ['vault://secret/data/nothing#x', { VAULT_TOKEN: 'hvs.1' }, 'the server answered 404'],
    ['vault://secret/data/parley#x', { VAULT_TOKEN: 'wrong' }, 'the server answered 403'],
    ['vault://secret/data/parley#x', {}, 'VAULT_TOKEN, VAULT_TOKEN_FILE or VAULT_KUBERNETES_ROLE must be set'],
  ])('%s with %o tells why it is not there', async (reference, credential, reason) => {
    const faults = await faultsOf({ SECRET_KEY: reference, VAULT_ADDR: await servePeer(vault), ...credential });
    expect(faults).toEqual([expect.stringContaining(`SECRET_KEY could not be read from ${reference}: ${reason}`)]);
  });
});

describe('a secret in AWS Secrets Manager', () => {
  const texts: Record<string, string> = { 'prod/parley': JSON.stringify({ secret_key: SECRET }), plain: `${SECRET}\n` };

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
  function secretsManager({ headers }: IncomingMessage, body: string): Answer {
    expect(headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATEST\/.*\/eu-central-1\/secretsmanager\//);
    const found = texts[JSON.parse(body).SecretId];
    return found === undefined
      ? { status: 400, body: { __type: 'ResourceNotFoundException', message: 'Secrets Manager can’t find it.' } }
      : { status: 200, body: { Name: 'x', SecretString: found } };
  }

  async function withAws<T>(work: () => Promise<T>): Promise<T> {
    const variables = {
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: await servePeer(secretsManager),
    };
    // The SDK reads them itself, as it does in production.
    Object.assign(process.env, variables);
    cleanUps.push(() => {
      for (const name of Object.keys(variables)) delete process.env[name];
    });
    return work();
  }

  test.each(['aws-secrets-manager://prod/parley#secret_key', 'aws-secrets-manager://plain'])(
    '%s',
    async (reference) => {
      const config = await withAws(() => configOf({ SECRET_KEY: reference, AWS_REGION: 'eu-central-1' }));
      expect(config.secretKey).toBe(SECRET);
    },
  );

  test('that is not there stops the start with the reason', async () => {
    const faults = await withAws(() =>
      faultsOf({ SECRET_KEY: 'aws-secrets-manager://none', AWS_REGION: 'eu-central-1' }),
    );
    expect(faults).toEqual([expect.stringContaining('Secrets Manager can’t find it')]);
  });
});
