import { memoryErrors } from '../memory.errors.ts';

const MOST_LEVELS = 4;
const MOST_ENTRIES = 50;
const LONGEST_STRING = 2_048;

/**
 * Metadata as it is stored: strings are cut at 2,048 characters; depth 4, and 50 keys or items in each object or list, are
 * the most. @throws ApiError ERR_MEMORY_005 naming the field
 */
export function storableMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  return storable(metadata, 'metadata', 1) as Record<string, unknown>;
}

function storable(value: unknown, field: string, level: number): unknown {
  if (typeof value === 'string') return storableText(value.slice(0, LONGEST_STRING));
  if (typeof value !== 'object' || value === null) return value;
  if (level > MOST_LEVELS) throw refusal(field, `is nested more than ${MOST_LEVELS} levels deep`);
  if (Array.isArray(value)) {
    if (value.length > MOST_ENTRIES) throw refusal(field, `has more than ${MOST_ENTRIES} items`);
    return value.map((item, index) => storable(item, `${field}[${index}]`, level + 1));
  }
  const entries = Object.entries(value);
  if (entries.length > MOST_ENTRIES) throw refusal(field, `has more than ${MOST_ENTRIES} keys`);
  return Object.fromEntries(
    entries.map(([key, item]) => [storableText(key), storable(item, `${field}.${key}`, level + 1)]),
  );
}

/** What a database text can hold: no NUL, no half of a surrogate pair. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

function refusal(field: string, message: string) {
  return memoryErrors.metadataTooLarge(`${field} ${message}`, { fields: [{ field, message }] });
}
