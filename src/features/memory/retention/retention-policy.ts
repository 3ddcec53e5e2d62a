import { requestErrors } from '../../../platform/http/errors.ts';
import type { RuleConditions, RuleType } from './retention.schema.ts';
import type { PolicyRow } from './retention.store.ts';

/** Contract section 7. Not applied by itself until an admin says so. */
export const DEFAULT_POLICY: Omit<PolicyRow, 'updated_at'> = {
  enabled: false,
  max_age_days: 30,
  importance_threshold: 0.35,
  max_items: null,
  delete_after_days: 90,
};

export function effectivePolicy(row: PolicyRow | undefined): Omit<PolicyRow, 'updated_at'> {
  return row ?? DEFAULT_POLICY;
}

const CONDITIONS_OF: Record<RuleType, readonly (keyof RuleConditions)[]> = {
  age: ['days'],
  importance: ['importance_threshold'],
  conversation_age: ['days'],
  max_items: ['max_items'],
  custom: ['role', 'min_importance', 'max_importance', 'older_than_days', 'metadata'],
};

/**
 * A condition that its type does not know would be passed over, and a custom rule without one would be about everything.
 * @throws ApiError ERR_REQUEST_002 naming the field
 */
export function assertConditions(type: RuleType, conditions: RuleConditions): void {
  const known = CONDITIONS_OF[type];
  const given = Object.keys(conditions) as (keyof RuleConditions)[];
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`conditions.${unknown}`, `is no condition of a rule of type ${type}, which has ${known.join(', ')}`);
  }
  if (type === 'custom' && given.length === 0) {
    throw invalid('conditions', `of a custom rule needs one at least of ${known.join(', ')}`);
  }
  const { min_importance: least, max_importance: most } = conditions;
  if (least !== undefined && most !== undefined && least > most) {
    throw invalid('conditions.min_importance', 'is more than max_importance: no memory can have both');
  }
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
