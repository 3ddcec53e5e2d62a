import type { Category, Check, CheckKind, CheckWeight } from '../check.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { CheckOutcome } from '../finding.ts';
import type { Waiver } from '../waivers.ts';

/** What stands of one check at the time of the report. */
export type CheckResult = {
  check: string;
  kind: CheckKind;
  category: Category;
  weight: CheckWeight;
  title: string;
  items: readonly string[];
  outcome: CheckOutcome;
  /** Why it was not run, does not apply or has expired. */
  reason: string | null;
  remedy: string;
  waiver: Waiver | null;
  /** Whether it was run for this report; else the record is of an earlier one. */
  fresh: boolean;
  record: Evidence | null;
};

export function resultOf(
  check: Check,
  stands: Pick<CheckResult, 'outcome' | 'reason' | 'waiver' | 'fresh' | 'record'>,
): CheckResult {
  const { id, kind, category, weight, title, items, remedy } = check;
  return { check: id, kind, category, weight, title, items, remedy, ...stands };
}
