import { schemaFault } from '../../../platform/json-schema/json-schema.ts';

/** What is wrong with a tool's input, in words for the model that wrote it; null when nothing is. */
export function checkToolInput(schema: Record<string, unknown>, input: unknown): string | null {
  if (typeof input === 'string') return 'The input is not valid JSON. Write one JSON object.';
  const fault = schemaFault(schema, input);
  return fault === null ? null : `The input does not fit the tool's schema: ${fault}.`;
}
