import type { CheckOutcome, Finding, Sample } from '../finding.ts';
import type { Waiver } from '../waivers.ts';
import { canonical, sha256 } from './canonical.ts';

/** Where it was seen. No host name: reports are passed on. */
export type Surroundings = {
  /** ENVIRONMENT of the settings; null where they are not usable. */
  environment: string | null;
  node: string;
  platform: string;
  cpus: number;
  memory_mb: number;
  database: 'embedded' | 'server' | null;
};

/** What one run of one check left behind. Nothing of it can be changed without its hash telling. */
export type Evidence = {
  id: string;
  check: string;
  items: readonly string[];
  command: string;
  /** On what: the installation's files and settings, an address, or a scratch installation. */
  subject: string;
  started: string;
  duration_ms: number;
  commit: string;
  configuration: string;
  environment: Surroundings;
  expected: string;
  observed: string;
  samples: readonly Sample[];
  outcome: Finding['outcome'];
  waiver: Waiver | null;
  valid_until: string;
  /** The hash of the record before it; of a report's first one, that of the report before. */
  previous: string | null;
  hash: string;
};

/** Gives a record its place in the chain. */
export function chained(record: Omit<Evidence, 'previous' | 'hash'>, previous: string | null): Evidence {
  const whole = { ...record, previous };
  return { ...whole, hash: sha256(canonical(whole)) };
}

export function isUnchanged({ hash, ...content }: Evidence): boolean {
  return sha256(canonical(content)) === hash;
}

/**
 * What an older record is worth now: its outcome, or `expired` with why. What files, settings and a running server showed holds
 * for this commit and configuration; what a scratch installation showed, for this commit.
 */
export function standing(
  record: Evidence,
  now: { time: Date; commit: string; configuration: string; onScratch: boolean; subject: string },
): { outcome: CheckOutcome; reason: string | null } {
  const expired = (reason: string) => ({ outcome: 'expired' as const, reason });
  if (Date.parse(record.valid_until) <= now.time.getTime()) return expired(`it was valid until ${record.valid_until}`);
  if (record.commit !== now.commit) return expired(`it is of ${record.commit}, this is ${now.commit}`);
  if (record.subject !== now.subject) return expired(`it is of ${record.subject}`);
  if (!now.onScratch && record.configuration !== now.configuration)
    return expired('the configuration has changed since');
  return { outcome: record.outcome, reason: null };
}
