import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { inProduction } from './needs-settings.ts';

const NEAR = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/;

export const encryptedConnections: StaticCheck = {
  id: 'encrypted-connections',
  kind: 'static',
  category: 'security',
  weight: 'major',
  title:
    'In production what goes to a database or Redis on another machine is encrypted, and keys of tenants have a key of their own',
  items: ['S2-116', 'S1-119', 'S1-120', 'S3-122'],
  expected: 'sslmode=require or stricter, rediss://, a password in both; ENCRYPTION_KEYS set',
  remedy: 'add ?sslmode=verify-full to DATABASE_URL, use rediss://, and ENCRYPTION_KEYS from openssl rand -base64 32',
  validDays: 30,
  run: inProduction(({ databaseUrl, redisUrl, encryptionKeys }) => {
    const faults = [...databaseFaults(databaseUrl), ...redisFaults(redisUrl)];
    if (encryptionKeys.length === 0) {
      faults.push('ENCRYPTION_KEYS is not set: SECRET_KEY seals, too, and cannot be changed alone');
    }
    return judge(faults, 'encrypted, or on this machine');
  }),
};

function databaseFaults(address: string | null): string[] {
  const url = address === null ? null : new URL(address);
  if (!url || NEAR.test(url.hostname)) return [];
  const mode = url.searchParams.get('sslmode') ?? 'nothing';
  return [
    ...(/^(require|verify-ca|verify-full)$/.test(mode) ? [] : [`DATABASE_URL has sslmode=${mode}`]),
    ...(url.password.length < 12 ? ['the password in DATABASE_URL has fewer than 12 characters'] : []),
  ];
}

function redisFaults(address: string | null): string[] {
  const url = address === null ? null : new URL(address);
  if (!url || NEAR.test(url.hostname)) return [];
  return [
    ...(url.protocol === 'rediss:' ? [] : ['REDIS_URL is not rediss://']),
    ...(url.password === '' ? ['REDIS_URL has no password'] : []),
  ];
}
