import type { NewRule, RetentionAction, RetentionCounts, RetentionRule, RuleType } from '../api/retention.ts';

/** Retention in words for people. */

export const ACTIONS: Record<RetentionAction, string> = {
  archive: 'archive',
  delete: 'delete',
  move_to_cold_storage: 'move to cold storage',
};

/** What a rule asks for as one number: the condition, and the words around it. */
export const TYPES: Record<Exclude<RuleType, 'custom'>, { label: string; condition: string; fallback: number }> = {
  age: { label: 'older than, days', condition: 'days', fallback: 30 },
  importance: { label: 'importance up to', condition: 'importance_threshold', fallback: 0.3 },
  conversation_age: { label: 'in talks quiet for, days', condition: 'days', fallback: 90 },
  max_items: { label: 'beyond, of each person', condition: 'max_items', fallback: 1_000 },
};

export function ruleWords({
  rule_type: type,
  conditions,
  action,
}: Pick<NewRule, 'rule_type' | 'conditions' | 'action'>) {
  return `${capital(ACTIONS[action])} what is ${conditionWords(type, conditions)}`;
}

function conditionWords(type: RuleType, conditions: RetentionRule['conditions']): string {
  if (type === 'custom') return Object.entries(conditions).map(customWords).join(' and ');
  const { condition, fallback } = TYPES[type];
  const value = String(conditions[condition] ?? fallback);
  if (type === 'age') return `older than ${value} days`;
  if (type === 'importance') return `of importance ${value} or less`;
  return type === 'max_items' ? `beyond the newest ${value} of a person` : `in talks quiet for ${value} days`;
}

const CUSTOM: Record<string, string> = {
  role: 'said by',
  min_importance: 'of importance at least',
  max_importance: 'of importance at most',
  older_than_days: 'older in days than',
  metadata: 'marked with',
};

function customWords([name, value]: [string, unknown]): string {
  return `${CUSTOM[name] ?? name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

export function countWords({ archived, deleted, moved_to_cold_storage: moved }: RetentionCounts): string {
  const counts = [
    ...(archived > 0 ? [`${archived.toLocaleString()} archived`] : []),
    ...(deleted > 0 ? [`${deleted.toLocaleString()} deleted`] : []),
    ...(moved > 0 ? [`${moved.toLocaleString()} moved to cold storage`] : []),
  ];
  return counts.length === 0 ? 'nothing' : counts.join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
