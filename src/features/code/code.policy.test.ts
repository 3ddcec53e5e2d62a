import { expect, test } from 'vitest';
import { assertMayChangeAnalysis, assertMayChangeRepository } from './code.policy.ts';

test.each([
  ['who added it', 'me', 'member', true],
  ['another member', 'you', 'member', false],
  ['an admin', 'you', 'admin', true],
  ['the owner', 'you', 'owner', true],
  ['a viewer', 'you', 'viewer', false],
] as const)('a repository and an analysis are changed by %s: %s %s %s', (_, userId, role, may) => {
  for (const assert of [assertMayChangeRepository, assertMayChangeAnalysis]) {
    const change = () => assert({ userId, role }, { created_by: 'me' });
    if (may) expect(change).not.toThrow();
    else expect(change).toThrow(/Only the member/);
  }
});
