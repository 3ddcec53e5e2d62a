const FIRST_MS = 400;
const LONGEST_MS = 15_000;

/** How long to wait before attempt `attempt` (1, 2, …): doubling, at most 15 s, spread so that clients do not return together. */
export function backoffDelay(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return longest / 2 + (random() * longest) / 2;
}

/** Waits, but not past the moment when the browser says that the network is back. Rejects when aborted. */
export function waitToReconnect(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      clearTimeout(timer);
      window.removeEventListener('online', finish);
      signal.removeEventListener('abort', fail);
      settle();
    };
    const finish = done(resolve);
    const fail = done(() => reject(signal.reason));
    const timer = setTimeout(finish, milliseconds);
    window.addEventListener('online', finish);
    signal.addEventListener('abort', fail);
    if (signal.aborted) fail();
  });
}
