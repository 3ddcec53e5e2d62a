import { isStopWord } from '../extractive/stop-words.ts';
import { fold, likeness, type Term, termsOf } from '../extractive/terms.ts';
import { namesOf, quotationsOf } from './names.ts';
import { isVouched, statedMonths, statedNumbers, vouchedNumbers } from './numbers.ts';

/** Under this share of its content words, a claim has at most the subject in common with what it cites. */
const LEAST_OVERLAP = 0.3;

/** Does `evidence` (the cited texts together) hold every number, name and quotation of the claim, and enough of its words? */
export function isSupported(claim: string, evidence: string): boolean {
  return (
    holdsNumbers(claim, evidence) &&
    holdsQuotations(claim, evidence) &&
    holdsNames(claim, evidence) &&
    overlap(claim, stemsOf(evidence)) >= LEAST_OVERLAP
  );
}

function holdsNumbers(claim: string, evidence: string): boolean {
  const stated = statedNumbers(claim);
  const months = statedMonths(claim);
  if (stated.length + months.length === 0) return true;
  const vouched = vouchedNumbers(evidence);
  return stated.every((number) => isVouched(number, vouched)) && months.every((month) => vouched.months.has(month));
}

function holdsQuotations(claim: string, evidence: string): boolean {
  const bare = barely(evidence);
  return quotationsOf(claim).every((quotation) => bare.includes(barely(quotation)));
}

/** Words with one space between: quotations are compared without punctuation, line breaks and accents. */
function barely(text: string): string {
  return ` ${(text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).map(fold).join(' ')} `;
}

function holdsNames(claim: string, evidence: string): boolean {
  const names = namesOf(claim);
  if (names.length === 0) return true;
  const stems = stemsOf(evidence);
  const initials = initialsOf(evidence);
  return names.every((name) => initials.has(name) || termsOf(name).every(({ stem }) => isAmong(stem, stems)));
}

/** "NFL" for "National Football League". */
function initialsOf(text: string): ReadonlySet<string> {
  const rows =
    text.match(/\p{Lu}[\p{L}\p{M}]+(?:[ -](?:(?:of|the|and|for|de|der|für|und)[ -])*\p{Lu}[\p{L}\p{M}]+)+/gu) ?? [];
  return new Set(rows.map((row) => (row.match(/\p{Lu}/gu) ?? []).join('')));
}

function stemsOf(text: string): ReadonlySet<string> {
  return new Set(termsOf(text).map(({ stem }) => stem));
}

function isAmong(stem: string, stems: ReadonlySet<string>): boolean {
  return stems.has(stem) || [...stems].some((other) => likeness(stem, other) > 0);
}

/** The share of the claim's content words that stand among `stems`; 1 for a claim that has none. */
function overlap(claim: string, stems: ReadonlySet<string>): number {
  const words = contentTerms(claim);
  return words.length === 0 ? 1 : words.filter(({ stem }) => isAmong(stem, stems)).length / words.length;
}

export function contentTerms(text: string): Term[] {
  return termsOf(text).filter(({ start, end }) => !isStopWord(text.slice(start, end)));
}
