import fc from 'fast-check';
import type { JsonSchema as Base } from '../leaks/sample.ts';

export type JsonSchema = Base & { pattern?: string; maximum?: number; maxLength?: number; maxItems?: number };

/** What breaks programs that did not think of it. */
const NASTY = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\u202e\u2066',
  "'; DROP TABLE platform.user; --",
  '" OR 1=1 --',
  '$1; SELECT pg_sleep(20)',
  '%27%20OR%201=1',
  '../../../../etc/passwd',
  '..%2f..%2f',
  '{{7*7}}<script>alert(1)</script>',
  'a\r\nx-injected: 1',
  '\\',
  'null',
  'NaN',
  '-0',
  '1e400',
  '__proto__',
  'constructor',
  'a'.repeat(5_000),
  '🌿'.repeat(300),
  '00000000-0000-0000-0000-000000000000',
  '99999999-12-31T23:59:59Z',
];

export const WILD_TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

const WILD: fc.Arbitrary<unknown> = fc.oneof(
  WILD_TEXT,
  fc.constantFrom(null, true, false, 0, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, [], {}, [[[[]]]]),
  fc.jsonValue({ maxDepth: 4 }),
);

const BY_FORMAT: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  'date-time': fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  date: fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  email: fc.emailAddress(),
  uri: fc.webUrl(),
};

/** Values that a schema takes, seven times out of eight at each place, and wild ones. */
export function anyOf(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: fitting(schema, depth), weight: 7 }, { arbitrary: WILD, weight: 1 });
}

function fitting(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives && alternatives.length > 0) return fc.oneof(...alternatives.map((one) => fitting(one, depth)));
  if (schema.allOf) {
    return fc.tuple(...schema.allOf.map((one) => fitting(one, depth))).map((parts) => Object.assign({}, ...parts));
  }
  return ofType(schema, [schema.type].flat()[0], depth);
}

function ofType(schema: JsonSchema, type: string | undefined, depth: number): fc.Arbitrary<unknown> {
  const { minimum = -1_000_000, maximum = 1_000_000 } = schema;
  switch (type) {
    case 'object':
      return depth > 6 ? fc.constant({}) : objects(schema, depth);
    case 'array':
      return depth > 6 ? fc.constant([]) : arrays(schema, depth);
    case 'integer':
      return fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.max(minimum, Math.min(maximum, 2 ** 31 - 1)) });
    case 'number':
      return fc.double({ min: minimum, max: Math.max(minimum, maximum), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return texts(schema);
    default:
      return WILD;
  }
}

function objects({ properties = {}, required = [] }: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, one]) => [name, anyOf(one, depth + 1)] as const);
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: required.filter((name) => name in properties) as never,
  });
}

function arrays({ items = {}, minItems = 0, maxItems = 5 }: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  return fc.array(anyOf(items, depth + 1), {
    minLength: minItems,
    maxLength: Math.max(minItems, Math.min(maxItems, 5)),
  });
}

function texts({
  format = '',
  examples,
  minLength = 0,
  maxLength = 60,
  default: usual,
}: JsonSchema): fc.Arbitrary<unknown> {
  const known = [examples?.[0], usual].filter((one) => one !== undefined);
  const plain = fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
  const formatted = BY_FORMAT[format];
  if (formatted) return formatted;
  return known.length > 0 ? fc.oneof(fc.constantFrom(...known), plain) : plain;
}
