import type { Evidence, Judged } from './judgement.ts';
import type { Ecosystem, Profile } from './profile.ts';
import type { Survey } from './survey.ts';

export type Seen = Pick<Judged, 'status' | 'observed' | 'evidence'>;

/** One text for all, or one for each world of packages and `other` for the rest. */
export type Fix = string | ({ other: string } & Partial<Record<Ecosystem, string>>);

export type Criterion = Omit<Judged, keyof Seen | 'fix'> & {
  fix: Fix;
  judge(survey: Survey, profile: Profile): Seen;
};

export function met(observed: string, evidence: readonly Evidence[]): Seen {
  return { status: 'met', observed, evidence };
}

export function partly(observed: string, evidence: readonly Evidence[]): Seen {
  return { status: 'partly', observed, evidence };
}

/** Without evidence: nothing of the kind was seen, though it would be in the code base. With it: the opposite was. */
export function missing(observed: string, evidence: readonly Evidence[] = []): Seen {
  return { status: 'missing', observed, evidence };
}

/** Not seen, and it may well be kept elsewhere. */
export function unknown(observed: string): Seen {
  return { status: 'unknown', observed, evidence: [] };
}

export function notApplicable(observed: string): Seen {
  return { status: 'not_applicable', observed, evidence: [] };
}

export const NO_HTTP = 'The code base serves no HTTP.';
export const NO_DATABASE = 'The code base uses no database.';

/** Met where the lines are there, else missing. */
export function seenOrMissing(evidence: readonly Evidence[], well: string, ill: string): Seen {
  return evidence.length > 0 ? met(well, evidence) : missing(ill);
}
