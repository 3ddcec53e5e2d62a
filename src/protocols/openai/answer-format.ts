import { type Static, Type } from 'typebox';
import type { RunInput, RunRequest } from '../../features/chat/index.ts';
import { nullable } from '../../platform/http/schema.ts';
import { faultOfSchema } from '../../platform/json-schema/json-schema.ts';
import { invalidField, unsupportedField } from './unsupported.ts';

const open = { additionalProperties: true };
const optional = <Schema extends Parameters<typeof nullable>[0]>(schema: Schema) => Type.Optional(nullable(schema));

const SchemaFields = {
  name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
  description: optional(Type.String({ maxLength: 4_000 })),
  schema: optional(Type.Record(Type.String(), Type.Unknown())),
  strict: optional(Type.Boolean()),
};

/** A format in either form: Chat Completions have a schema's fields under `json_schema`, Responses beside `type`. */
export const TextFormat = Type.Object(
  { type: Type.String(), json_schema: Type.Optional(Type.Object(SchemaFields, open)), ...SchemaFields },
  {
    ...open,
    description: '`text`, `json_object` or `json_schema`. The answer is checked: one that does not fit is an error.',
  },
);
export type TextFormat = Static<typeof TextFormat>;

/** What a request's format is for a run; nothing where it asks for prose.
 * @param place the field that the format is given in
 * @throws ApiError naming what cannot be used */
export function formatInput(format: TextFormat | null | undefined, place: string): Pick<RunInput, 'answer_format'> {
  switch (format?.type) {
    case undefined:
    case 'text':
      return {};
    case 'json_object':
      return { answer_format: { type: 'json' } };
    case 'json_schema':
      return { answer_format: schemaFormat(format, place) };
    default:
      throw unsupportedField(`${place}.type`, 'must be text, json_object or json_schema here');
  }
}

function schemaFormat(format: TextFormat, place: string): NonNullable<RunInput['answer_format']> {
  const fields = format.json_schema ?? format;
  const within = format.json_schema ? `${place}.json_schema` : place;
  const { name, description, schema, strict } = fields;
  if (name === undefined) throw invalidField(`${within}.name`, 'is required');
  if (!schema) throw invalidField(`${within}.schema`, 'is required');
  const fault = faultOfSchema(schema);
  if (fault !== null) throw invalidField(`${within}.schema`, `is no JSON schema: ${fault}`);
  return {
    type: 'json_schema',
    name,
    schema,
    ...(description && { description }),
    ...(typeof strict === 'boolean' && { strict }),
  };
}

/** The format of a run, as Responses say it again. */
export function formatView({ answer_format: format }: RunRequest) {
  if (!format) return { type: 'text' };
  if (format.type === 'json') return { type: 'json_object' };
  return { strict: null, description: null, ...format };
}
