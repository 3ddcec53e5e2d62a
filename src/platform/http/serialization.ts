import fastJsonStringify from 'fast-json-stringify';
import type { FastifySerializerCompiler } from 'fastify';

export type Serialize = (value: unknown) => string;

/** For answers of a schema; compiled when the first one goes out. */
export const compileSerializer: FastifySerializerCompiler<object> = ({ schema }) => {
  let serialize: Serialize | null = null;
  return (value) => {
    serialize ??= serializerOf(schema);
    return serialize(value);
  };
};

const compiled = new WeakMap<object, Serialize>();

/** Compiles now, once for all routes that share a schema. @throws Error for a schema that cannot be written. */
export function serializerOf(schema: object): Serialize {
  const serialize = compiled.get(schema) ?? fastJsonStringify(schema);
  compiled.set(schema, serialize);
  return serialize;
}
