/** Checks values against JSON schemas that come from outside: from clients, from other servers. */
import vm from 'node:vm';
import { Ajv, type ErrorObject, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** How long one pattern may look at one text, ms: a hostile one would look for years, and hold everybody up. */
const PATTERN_MS = 50;
const FAULTS = 5;

const options: Options = {
  strict: false,
  // A stranger's annotation is no reason to refuse its tool.
  validateFormats: false,
  validateSchema: false,
  addUsedSchema: false,
  logger: false,
  allErrors: false,
  code: { regExp: Object.assign(boundedPattern, { code: 'boundedPattern' }) },
};

/** What is wrong with a schema, null when it can be used. */
export function faultOfSchema(schema: Record<string, unknown>): string | null {
  try {
    const { meta, Validator } = dialectOf(schema);
    // The meta-schema is compiled once: it takes 50 ms.
    if (meta().validateSchema(schema) === false) return faults(meta().errors);
    new Validator(options).compile(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read';
  }
}

/** What is wrong with a value, null when it fits. A schema that can't be used lets everything pass: its owner checks again. */
export function schemaFault(schema: Record<string, unknown>, value: unknown): string | null {
  const { Validator } = dialectOf(schema);
  try {
    // A new one for each schema: it would keep every schema that it has seen.
    const validate = new Validator(options).compile(schema);
    return validate(value) ? null : faults(validate.errors);
  } catch {
    return null;
  }
}

const draft07 = { Validator: Ajv, meta: once(() => new Ajv(options)) };
const draft2020 = { Validator: Ajv2020, meta: once(() => new Ajv2020(options)) };

function dialectOf({ $schema }: Record<string, unknown>) {
  return typeof $schema === 'string' && $schema.includes('draft-07') ? draft07 : draft2020;
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function faults(errors: readonly ErrorObject[] | null | undefined): string {
  const found = (errors ?? []).slice(0, FAULTS).map(({ instancePath, message, params }) => {
    const extra = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : '';
    return `${instancePath === '' ? 'it' : instancePath.slice(1).replaceAll('/', '.')} ${message}${extra}`;
  });
  return [...new Set(found)].join('; ') || 'it is not valid';
}

/** One for all patterns: to make one takes milliseconds. */
const place = vm.createContext({ pattern: /./, text: '' });
const look = new vm.Script('pattern.test(text)');

function boundedPattern(source: string, flags: string) {
  const pattern = new RegExp(source, flags);
  return {
    // Ajv tells patterns apart by this.
    toString: () => String(pattern),
    test(text: string): boolean {
      try {
        Object.assign(place, { pattern, text });
        return look.runInContext(place, { timeout: PATTERN_MS }) as boolean;
      } catch {
        return false;
      }
    },
  };
}
