import { expect, test } from 'vitest';
import { assertMayChange } from './documents.policy.ts';

const document = { created_by: 'me' };

test.each([
  ['me', 'member', true],
  ['somebody else', 'member', false],
  ['somebody else', 'viewer', false],
  ['somebody else', 'admin', true],
  ['somebody else', 'owner', true],
] as const)('%s, a %s, may change the document: %s', (userId, role, allowed) => {
  const change = () => assertMayChange({ userId, role }, document);
  if (allowed) expect(change).not.toThrow();
  else expect(change).toThrow('Only the member who added this document, or an admin, may do this.');
});

test('a document that came from a folder belongs to admins', () => {
  expect(() => assertMayChange({ userId: 'me', role: 'member' }, { created_by: null })).toThrow();
  expect(() => assertMayChange({ userId: 'me', role: 'admin' }, { created_by: null })).not.toThrow();
});
