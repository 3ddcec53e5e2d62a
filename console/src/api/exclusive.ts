const LEASE_MS = 20_000;
const POLL_MS = 120;

type Lease = { owner: string; until: number };

/**
 * Runs `work` while no other tab of this browser runs one of the same name. Where the page is not served over HTTPS or
 * localhost, browsers offer no locks; a lease in localStorage then serves, which a tab that dies gives up after 20 s.
 */
export function exclusive<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  if ('locks' in navigator) return navigator.locks.request(name, work) as Promise<Result>;
  return withLease(`parley.lease.${name}`, work);
}

export async function withLease<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
  const owner = `${Date.now()}-${Math.random()}`;
  while (!(await take(key, owner))) await pause(POLL_MS);
  try {
    return await work();
  } finally {
    if (read(key)?.owner === owner) localStorage.removeItem(key);
  }
}

/** Two tabs may write in the same moment; the last one wins, so look again after both have written. */
async function take(key: string, owner: string): Promise<boolean> {
  const held = read(key);
  if (held !== null && held.until > Date.now()) return false;
  localStorage.setItem(key, JSON.stringify({ owner, until: Date.now() + LEASE_MS } satisfies Lease));
  await pause(40 + Math.random() * 40);
  return read(key)?.owner === owner;
}

function read(key: string): Lease | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Lease | null;
  } catch {
    return null;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
