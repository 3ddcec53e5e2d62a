/** How a stored hash was made, read from the hash itself. Pure. */
export type PasswordHashForm =
  | { scheme: 'argon2id'; memory: number; time: number; parallelism: number }
  | { scheme: 'bcrypt'; cost: number }
  | { scheme: 'unknown' };

/** OWASP's least parameters for argon2id (Password Storage Cheat Sheet, 2025): 19 MiB, two passes, one lane. */
export const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Above this a single verification takes seconds (each step doubles; 12 takes 0.2 s): such a hash is not taken in. */
export const BCRYPT_MAX_COST = 14;

/** A stored hash must not be able to take the machine's memory or time either. */
const ARGON2_MAX = { memory: 262_144, time: 16 };

const ARGON2ID = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export function readPasswordHash(hash: string): PasswordHashForm {
  const [, memory, time, parallelism] = (ARGON2ID.exec(hash) ?? []).map(Number);
  if (memory !== undefined && time !== undefined && parallelism !== undefined) {
    const affordable = memory <= ARGON2_MAX.memory && time <= ARGON2_MAX.time;
    return affordable ? { scheme: 'argon2id', memory, time, parallelism } : { scheme: 'unknown' };
  }
  const bcrypt = BCRYPT.exec(hash);
  const cost = Number(bcrypt?.[1]);
  return bcrypt && cost >= 4 && cost <= BCRYPT_MAX_COST ? { scheme: 'bcrypt', cost } : { scheme: 'unknown' };
}

/** Whether a hash should be replaced, now that its password is at hand. */
export function isOutdated(form: PasswordHashForm): boolean {
  return form.scheme !== 'argon2id' || form.memory < ARGON2.memoryCost || form.time < ARGON2.timeCost;
}
