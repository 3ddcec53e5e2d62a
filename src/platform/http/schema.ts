import { type TSchema, type TSchemaOptions, Type } from 'typebox';

/** One of several words; in the OpenAPI document an `enum`, which reads better than a union of constants. */
export function words<const Words extends readonly string[]>(values: Words, options: TSchemaOptions = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...values], ...options });
}

/** The same, or null. */
export function nullable<Schema extends TSchema>(schema: Schema, options: TSchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options);
}
