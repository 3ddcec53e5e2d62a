import { Ajv, type Options, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { FieldFault } from './errors.ts';
import { fieldFaults } from './schema-faults.ts';
import { isTime } from './time-format.ts';

const options: Options = { useDefaults: true, strict: false, discriminator: true };

/** Bodies are taken as they are typed: "5" is not 5. */
const bodies = withFormats(new Ajv({ ...options, allErrors: true }));
/** Stops at the first fault. */
const firstFault = withFormats(new Ajv(options));
/** Everything in an address is text, so numbers and booleans are read out of it. */
const addresses = withFormats(new Ajv({ ...options, allErrors: true, coerceTypes: 'array' }));

function withFormats(ajv: Ajv): Ajv {
  formats.default(ajv, ['email', 'date-time', 'date', 'uri']);
  for (const name of ['date-time', 'date']) {
    const { validate } = ajv.formats[name] as { validate(text: string): boolean };
    ajv.addFormat(name, (text) => validate(text) && isTime(text));
  }
  // Without "urn:uuid:", which no database takes for one.
  ajv.addFormat('uuid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i);
  return ajv;
}

/** For one part of a route's requests; compiled when the first one comes. To compile those of all routes, and what writes
 * their answers, took a third of the program's start, and most are not asked for in most programs. */
export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  let compiledNow: ValidateFunction | null = null;
  const validate = (value: unknown): boolean => {
    compiledNow ??= validatorOf(schema, httpPart);
    const sound = compiledNow(value);
    validate.errors = compiledNow.errors;
    return sound;
  };
  validate.errors = null as ValidateFunction['errors'];
  return validate as ValidateFunction;
};

/** Compiles now. @throws Error for what is no schema. */
export function validatorOf(schema: object, httpPart: string | undefined): ValidateFunction {
  return httpPart === 'body' ? compileBody(schema) : addresses.compile(schema);
}

/** Values in a body whose faults are all listed. A body of 1 MiB has room for 500,000 of them: to list their faults took
 * 1.8 s and 23 MB of answer. */
const MOST_LISTED = 1_000;

/** All faults of a body of usual size, the first one of a large one. */
function compileBody(schema: object): ValidateFunction {
  const quick = firstFault.compile(schema);
  let thorough: ValidateFunction | null = null;
  const validate = (body: unknown): boolean => {
    if (quick(body)) return true;
    validate.errors = quick.errors ?? null;
    if (!hasMoreValues(body, MOST_LISTED)) {
      thorough ??= bodies.compile(schema);
      thorough(body);
      validate.errors = thorough.errors ?? null;
    }
    return false;
  };
  validate.errors = null as ValidateFunction['errors'];
  return validate as ValidateFunction;
}

function hasMoreValues(root: unknown, most: number): boolean {
  const open = [root];
  let count = 0;
  for (const value of open) {
    if (typeof value !== 'object' || value === null) continue;
    const values = Object.values(value);
    count += values.length;
    if (count > most) return true;
    open.push(...values);
  }
  return false;
}

const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong with a value that is no request's body, such as a stored setting: as faults of a body are told. */
export function valueFaults(schema: object, value: unknown): readonly FieldFault[] {
  const validate = compiled.get(schema) ?? bodies.compile(schema);
  compiled.set(schema, validate);
  return validate(value) ? [] : fieldFaults(validate.errors ?? [], 'body');
}
