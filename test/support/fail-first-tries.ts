import { afterEach } from 'vitest';

// TRY_AGAIN=1: each test's first try fails at its end, and its second must pass, as CI tries again what failed. Shows tests
// that cannot be repeated.
afterEach(({ task }) => {
  if (task.retry !== 0 && (task.result?.retryCount ?? 0) === 0) throw new Error('This is its first try.');
});
