import { Ajv, type Options } from 'ajv';
import formats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';

/** Faults that one answer lists; more would let a client make us work for nothing. */
const options: Options = { allErrors: true, useDefaults: true, strict: false, discriminator: true };

/** Bodies are taken as they are typed: "5" is not 5. */
const strict = withFormats(new Ajv({ ...options, coerceTypes: false }));
/** Everything in an address is text, so numbers and booleans are read out of it. */
const coercing = withFormats(new Ajv({ ...options, coerceTypes: 'array' }));

function withFormats(ajv: Ajv): Ajv {
  formats.default(ajv, ['uuid', 'email', 'date-time', 'date', 'uri']);
  return ajv;
}

export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? strict : coercing).compile(schema);
