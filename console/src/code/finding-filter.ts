import { CATEGORIES, type FindingFilter, SEVERITIES, TRIAGE } from '../api/code.ts';

/** In an address no status means open: what is settled is asked for by name. */
export const ANY_STATUS = 'all';

/** A filter as the page's address has it; what is no such word is left out. */
export function filterFrom(query: URLSearchParams): FindingFilter {
  const status = query.get('status');
  return {
    severity: oneOf(SEVERITIES, query.get('severity')),
    category: oneOf(CATEGORIES, query.get('category')),
    status: status === ANY_STATUS ? null : (oneOf(TRIAGE, status) ?? 'open'),
    rule: query.get('rule') || null,
    path: query.get('path')?.trim().slice(0, LONGEST_PATH) || null,
  };
}

export const LONGEST_PATH = 1_000;

function oneOf<Word extends string>(words: readonly Word[], word: string | null): Word | null {
  return words.find((known) => known === word) ?? null;
}

/** Whether anything but what is settled is left out. */
export function isNarrowed({ severity, category, rule, path }: FindingFilter): boolean {
  return severity !== null || category !== null || rule !== null || path !== null;
}

/** The same address with one thing changed; an empty value takes it out. */
export function withParam(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  if (value === '') next.delete(name);
  else next.set(name, value);
  return next;
}
