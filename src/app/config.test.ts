import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, environmentExample, readConfig } from './config.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
}

const SECRET = 'Xq3m7Vv1kPz8Rw5tYb2nLc9sJd4fHg6a';

describe('reading the environment', () => {
  test('an empty environment gives every default', () => {
    const config = readConfig({});
    for (const [name, { fallback }] of Object.entries<Setting<unknown>>(settings)) {
      expect(config[name as keyof typeof config], name).toBe(fallback);
    }
  });

  test('values are typed, and spaces around them do not count', () => {
    const config = readConfig({ PORT: ' 9000 ', DEBUG: 'yes', WORK_IN_SERVER: '0', ENVIRONMENT: 'Staging' });
    expect(config).toMatchObject({ port: 9000, debug: true, workers: false, environment: 'staging' });
  });

  test('an empty or blank variable is unset', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '  ', ENVIRONMENT: '' })).toMatchObject({
      port: 8000,
      databaseUrl: null,
      environment: 'development',
    });
  });

  test('the result is frozen', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });

  test.each([
    ['a comma', 'https://a.example, https://b.example'],
    ['JSON', '["https://a.example", " https://b.example"]'],
    ['commas too many', ',https://a.example,,https://b.example,'],
  ])('a list is written with %s', (_how, text) => {
    expect(readConfig({ ALLOWED_ORIGINS: text }).allowedOrigins).toEqual(['https://a.example', 'https://b.example']);
  });

  test.each(['["https://a.example"', '[1]', '["https://a.example"]x'])(
    'a list that is no list is refused: %s',
    (text) => {
      expect(faultsOf({ ALLOWED_ORIGINS: text })).toEqual([expect.stringMatching(/^ALLOWED_ORIGINS must be /)]);
    },
  );

  test('an address loses its last slash, so that paths can be put behind it', () => {
    expect(readConfig({ OPENAI_BASE_URL: 'http://localhost:11434/v1/' }).openaiBaseUrl).toBe(
      'http://localhost:11434/v1',
    );
  });
});

describe('aliases', () => {
  test.each([
    ['JWT_SECRET', 'secretKey', SECRET, SECRET],
    ['JWT_SECRET_KEY', 'secretKey', SECRET, SECRET],
    ['CORS_ORIGINS', 'allowedOrigins', 'https://a.example', ['https://a.example']],
    ['OPENAI_MODEL', 'defaultModel', 'gpt-5', 'gpt-5'],
  ] as const)('%s is read, too', (alias, name, text, value) => {
    expect(readConfig({ [alias]: text })[name]).toEqual(value);
  });

  test('our own name comes first, unless it is empty', () => {
    expect(
      readConfig({ ALLOWED_ORIGINS: 'https://a.example', CORS_ORIGINS: 'https://b.example' }).allowedOrigins,
    ).toEqual(['https://a.example']);
    expect(readConfig({ ALLOWED_ORIGINS: '', CORS_ORIGINS: 'https://b.example' }).allowedOrigins).toEqual([
      'https://b.example',
    ]);
  });

  test('no name means two settings', () => {
    const names = Object.values<Setting<unknown>>(settings).flatMap(({ env, aliases = [] }) => [env, ...aliases]);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe('faults', () => {
  test('come all at once, each with its setting and its fix', () => {
    const environment = {
      ENVIRONMENT: 'prod',
      PORT: '80000',
      DATABASE_URL: 'mysql://localhost/parley',
      REDIS_URL: 'localhost:6379',
      LOG_LEVEL: 'loud',
      DEBUG: 'maybe',
      BODY_LIMIT_BYTES: '1e3000',
      JWT_EXPIRATION_MINUTES: '1.5',
    };
    expect(faultsOf(environment)).toEqual([
      'ENVIRONMENT must be one of development, test, staging, production.',
      'PORT must be a whole number from 0 to 65535.',
      'DATABASE_URL must be an address that starts with postgres:// or postgresql://.',
      'REDIS_URL must be an address that starts with redis:// or rediss://.',
      'DEBUG must be true or false.',
      'LOG_LEVEL must be one of trace, debug, info, warn, warning, error, fatal, silent.',
      'BODY_LIMIT_BYTES must be a whole number from 1024 to 104857600.',
      'JWT_EXPIRATION_MINUTES must be a whole number from 1 to 10080.',
    ]);
  });

  test('the message lists them for a person', () => {
    const { message } = new ConfigError(['PORT must be a number.', 'DEBUG must be false.']);
    expect(message).toBe('The settings are not usable:\n  - PORT must be a number.\n  - DEBUG must be false.');
  });

  test.each(['0x10', '8e3', '8000.0', '-1', '+1', 'NaN', '８０００'])('PORT=%s is no whole number', (text) => {
    expect(faultsOf({ PORT: text })).toEqual(['PORT must be a whole number from 0 to 65535.']);
  });

  test.each(['127.0.0.1', '10.0.0.0/8, ::1', 'fd00::/8', '["loopback"]'])('TRUSTED_PROXIES=%s is usable', (text) => {
    expect(faultsOf({ TRUSTED_PROXIES: text })).toEqual([]);
  });

  test.each(['proxy.internal', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', 'true'])(
    'TRUSTED_PROXIES=%s is no address or network',
    (text) => {
      expect(faultsOf({ TRUSTED_PROXIES: text })).toEqual([
        `TRUSTED_PROXIES has "${text}", which is no address or network; write it like 10.0.0.0/8 or 192.168.0.7.`,
      ]);
    },
  );

  test('a secret never stands in a fault', () => {
    const faults = faultsOf({
      DATABASE_URL: 'mysql://parley:hunter2hunter2@db/parley',
      SECRET_KEY: 'hunter2',
      ENVIRONMENT: 'production',
    });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
  });
});

describe('weak settings', () => {
  const production = { ENVIRONMENT: 'production' };

  test('production with a random secret is usable', () => {
    expect(faultsOf({ ...production, SECRET_KEY: SECRET })).toEqual([]);
  });

  test('production needs a secret', () => {
    expect(faultsOf(production)).toEqual([
      expect.stringMatching(/^SECRET_KEY is required in production.*openssl rand/),
    ]);
  });

  test.each([
    ['short', SECRET.slice(0, 31)],
    ['a placeholder', 'please-change-me-please-change-me-please'],
    ['another placeholder', 'your-secret-key-here-0123456789-0123456789'],
    ['an example', 'this-is-an-example-of-a-secret-0123456789'],
    ['one character', 'a'.repeat(64)],
  ])('production refuses a secret that is %s', (_how, secret) => {
    expect(faultsOf({ ...production, SECRET_KEY: secret })).toEqual([expect.stringContaining('must be random')]);
  });

  test('production refuses DEBUG, and lists it beside the rest', () => {
    const faults = faultsOf({ ...production, DEBUG: 'true', ALLOWED_ORIGINS: '*', PORT: 'x' });
    expect(faults).toHaveLength(4);
    expect(faults).toContainEqual('DEBUG must be false in production.');
  });

  test.each(['development', 'test', 'staging', 'production'])('%s refuses the wildcard origin', (environment) => {
    const faults = faultsOf({ ENVIRONMENT: environment, SECRET_KEY: SECRET, ALLOWED_ORIGINS: 'https://a.example,*' });
    expect(faults).toEqual([expect.stringMatching(/^ALLOWED_ORIGINS must not be \*/)]);
  });

  test.each(['app.example.com', 'https://app.example.com/', 'https://app.example.com/path', 'https://*.example.com'])(
    'an origin that no browser sends is refused: %s',
    (origin) => {
      const faults = faultsOf({ ALLOWED_ORIGINS: origin });
      expect(faults).toEqual([expect.stringContaining(`"${origin}", which is no origin`)]);
    },
  );

  test('development needs no secret', () => {
    expect(faultsOf({ SECRET_KEY: 'short' })).toEqual([]);
    expect(readConfig({}).secretKey).toBeNull();
  });
});

describe('.env.example', () => {
  const path = join(import.meta.dirname, '..', '..', '.env.example');

  test('is what `parley env --example` prints', async () => {
    expect(await readFile(path, 'utf8')).toBe(environmentExample());
  });

  test('taken as it is, with every line uncommented, it means the defaults', () => {
    const lines = environmentExample().matchAll(/^#([A-Z_0-9]+)=(.*)$/gm);
    const environment = Object.fromEntries([...lines].map(([, name, value]) => [name as string, value]));
    expect(Object.keys(environment)).toHaveLength(Object.keys(settings).length);
    // How many documents are ingested at once follows the machine; its example does not.
    const { ingestionConcurrency: _, ...expected } = readConfig({});
    expect(readConfig(environment)).toMatchObject(expected);
  });

  test('shows no secret', () => {
    for (const { example, secret } of Object.values<Setting<unknown>>(settings)) if (secret) expect(example).toBe('');
  });
});

describe('trusted hosts', () => {
  test('are names, also with a wildcard in front, and addresses', () => {
    const hosts = ['api.example.com', '*.example.com', 'localhost', '192.0.2.7', '[::1]'];
    expect(readConfig({ TRUSTED_HOSTS: hosts.join(',') }).trustedHosts).toEqual(hosts);
  });

  test.each(['https://api.example.com', 'api.example.com:8443', 'api.*.com', '*', 'a b'])('"%s" is none', (host) => {
    expect(faultsOf({ TRUSTED_HOSTS: host })).toEqual([
      expect.stringMatching(/^TRUSTED_HOSTS has ".*", which is no host/),
    ]);
  });

  test('are needed for the redirect to https', () => {
    expect(faultsOf({ HTTPS_REDIRECT: 'true' })).toEqual([
      expect.stringMatching(/^HTTPS_REDIRECT needs TRUSTED_HOSTS/),
    ]);
    expect(faultsOf({ HTTPS_REDIRECT: 'true', TRUSTED_HOSTS: 'api.example.com' })).toEqual([]);
  });
});
