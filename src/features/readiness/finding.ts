import { sha256 } from './evidence/canonical.ts';

export type CheckOutcome = 'pass' | 'fail' | 'not applicable' | 'not run' | 'expired';

/** What was seen, in short; the hash is of all of it. */
export type Sample = { name: string; sha256: string; bytes: number; excerpt: string };

export type Finding = {
  outcome: Exclude<CheckOutcome, 'expired'>;
  /** What was seen; of one that was not run or does not apply, why. */
  observed: string;
  samples: readonly Sample[];
};

const LONGEST_EXCERPT = 1_000;
const LONGEST_OBSERVED = 2_000;

/** Passes where there are no faults; else they are what was observed. */
export function judge(faults: readonly string[], well: string, samples: readonly Sample[] = []): Finding {
  if (faults.length === 0) return { outcome: 'pass', observed: shown(well), samples };
  return { outcome: 'fail', observed: shown(faults.join('; ')), samples };
}

export function notApplicable(reason: string): Finding {
  return { outcome: 'not applicable', observed: reason, samples: [] };
}

export function notRun(reason: string): Finding {
  return { outcome: 'not run', observed: shown(reason), samples: [] };
}

/** A piece that a check needs and this machine does not have: it is not run, and says so. */
export class MissingPieceError extends Error {}

/** Keeps the hash of all of it and its beginning, without what looks like a credential. */
export function sample(name: string, content: string): Sample {
  const excerpt = withoutCredentials(content).slice(0, LONGEST_EXCERPT);
  return { name, sha256: sha256(content), bytes: Buffer.byteLength(content), excerpt };
}

const CREDENTIALS = [
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  /\b(?:parley|plk|sk|pk)[-_][\w-]{16,}/g,
  /(bearer\s+)[\w.~+/=-]{12,}/gi,
  /("(?:password|[\w]*token|secret|key)"\s*:\s*")[^"]+/gi,
  /(:\/\/[^:/\s]+:)[^@/\s]+(?=@)/g,
];

export function withoutCredentials(text: string): string {
  return CREDENTIALS.reduce(
    (rest, pattern) => rest.replace(pattern, (...found) => `${typeof found[1] === 'string' ? found[1] : ''}[removed]`),
    text,
  );
}

function shown(text: string): string {
  const safe = withoutCredentials(text);
  return safe.length > LONGEST_OBSERVED ? `${safe.slice(0, LONGEST_OBSERVED)}…` : safe;
}
