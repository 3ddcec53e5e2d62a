import { describe, expect, test } from 'vitest';
import type { ApiKeyScope } from '../../platform/database/schema.ts';
import {
  mayRevokeApiKey,
  type Powers,
  type RequiredRole,
  type Role,
  refusalOf,
  scopesBeyond,
} from './identity.policy.ts';

const ALL: readonly RequiredRole[] = ['viewer', 'member', 'admin', 'owner', 'operator'];

function powers(role: Role, more: Partial<Powers> = {}): Powers {
  return { role, operator: false, scopes: null, ...more };
}

const allowed = (given: Powers) => ALL.filter((access) => refusalOf(given, access) === null);

describe('a login', () => {
  test.each<[Role, RequiredRole[]]>([
    ['viewer', ['viewer']],
    ['member', ['viewer', 'member']],
    ['admin', ['viewer', 'member', 'admin']],
    ['owner', ['viewer', 'member', 'admin', 'owner']],
  ])('as %s may %j', (role, expected) => {
    expect(allowed(powers(role))).toEqual(expected);
  });

  test('of an operator may operate, and in its tenant only what its role gives', () => {
    expect(allowed(powers('viewer', { operator: true }))).toEqual(['viewer', 'operator']);
  });
});

describe('an API key', () => {
  test.each<[ApiKeyScope[], RequiredRole[]]>([
    [['read'], ['viewer']],
    [['write'], ['member']],
    [
      ['read', 'write'],
      ['viewer', 'member'],
    ],
    [['admin'], ['admin', 'owner']],
    [['operator'], ['operator']],
    [[], []],
  ])('of an owner who operates, with %j, may %j', (scopes, expected) => {
    expect(allowed(powers('owner', { operator: true, scopes }))).toEqual(expected);
  });

  test('may never more than the role of its user', () => {
    const scopes: ApiKeyScope[] = ['read', 'write', 'admin', 'operator'];
    expect(allowed(powers('viewer', { scopes }))).toEqual(['viewer']);
    expect(allowed(powers('member', { scopes }))).toEqual(['viewer', 'member']);
  });

  test('is told whether it is the role or the scope that it lacks', () => {
    expect(refusalOf(powers('owner', { scopes: ['read'] }), 'member')).toEqual({ lacks: 'scope', scope: 'write' });
    expect(refusalOf(powers('viewer', { scopes: ['read', 'write'] }), 'member')).toEqual({ lacks: 'role' });
  });
});

test.each<[Role, ApiKeyScope[]]>([
  ['viewer', ['write', 'admin', 'operator']],
  ['member', ['admin', 'operator']],
  ['admin', ['operator']],
  ['owner', ['operator']],
])('a %s may not give a key the scopes %j', (role, beyond) => {
  expect(scopesBeyond(powers(role), ['read', 'write', 'admin', 'operator'])).toEqual(beyond);
});

test('a key is revoked by its own user and by admins', () => {
  const key = { user_id: 'ann' };
  expect(mayRevokeApiKey({ ...powers('viewer'), userId: 'ann' }, key)).toBe(true);
  expect(mayRevokeApiKey({ ...powers('member'), userId: 'bob' }, key)).toBe(false);
  expect(mayRevokeApiKey({ ...powers('admin'), userId: 'bob' }, key)).toBe(true);
  expect(mayRevokeApiKey({ ...powers('owner'), userId: 'bob' }, key)).toBe(true);
});
