import { type Static, Type } from 'typebox';
import { unsupportedField } from './unsupported.ts';

/** A message's content: text, or parts of which only text is taken. */
export const Content = Type.Union([
  Type.String(),
  Type.Array(Type.Object({ type: Type.String(), text: Type.Optional(Type.String()) }, { additionalProperties: true })),
]);
export type Content = Static<typeof Content>;

const TEXT_PARTS = new Set(['text', 'input_text', 'output_text']);

/** The text of a message. @param field where it is in the body, for the refusal of pictures, sound and files */
export function textOf(content: Content | null | undefined, field: string): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  return content
    .map(({ type, text }, index) => {
      if (TEXT_PARTS.has(type)) return text ?? '';
      throw unsupportedField(`${field}.${index}.type`, `"${type.slice(0, 40)}" is not supported here; send text`);
    })
    .join('');
}
