import type { InputPart, RunInput } from '../../../features/chat/index.ts';
import type { Attachment } from '../../../features/documents/index.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import { LONGEST_TEXT, type UserInput } from '../chatkit.schema.ts';
import type { ChatkitOptions } from '../dependencies.ts';

/** @throws ApiError ERR_CHATKIT_007 */
export function assertLength(texts: readonly (string | null | undefined)[]): void {
  const longest = Math.max(0, ...texts.map((text) => text?.length ?? 0));
  if (longest <= LONGEST_TEXT) return;
  throw chatkitErrors.messageTooLong(`The message has ${longest} characters; ${LONGEST_TEXT} are allowed.`);
}

/** What a page sent, as the parts of a message. @throws ApiError ERR_CHATKIT_007 */
export function inputParts(
  { content, quoted_text, inference_options }: UserInput,
  attachments: readonly Attachment[],
): InputPart[] {
  assertLength([quoted_text, ...content.map(({ text }) => text)]);
  const model = inference_options?.model ?? undefined;
  const tool = inference_options?.tool_choice?.id;
  return [
    ...(typeof quoted_text === 'string' ? [{ type: 'quote' as const, text: quoted_text }] : []),
    ...content.map(partOf),
    ...attachments.map(attachmentPart),
    ...(model !== undefined || tool !== undefined
      ? [{ type: 'choice' as const, ...(model !== undefined && { model }), ...(tool !== undefined && { tool }) }]
      : []),
  ];
}

function partOf(part: UserInput['content'][number]): InputPart {
  if (part.type === 'input_text') return { type: 'text', text: part.text };
  const { id, text, data, group, interactive } = part;
  return {
    type: 'mention',
    id,
    text,
    data: data ?? {},
    ...(typeof group === 'string' && { group }),
    ...(interactive === true && { interactive }),
  };
}

function attachmentPart({ id, name, content_type, size_bytes, fault }: Attachment): InputPart {
  const about = { attachment_id: id, name, content_type, size_bytes };
  return { type: 'attachment', ...about, ...(fault !== null && { fault }) };
}

/** The run that answers these parts, as the tenant wants it and with what the user chose. */
export function runInput(options: ChatkitOptions, parts: readonly InputPart[]): RunInput {
  const choice = parts.find((part) => part.type === 'choice');
  const wish = choice?.tool === undefined ? null : `The user asks you to use the tool “${choice.tool}”.`;
  const instructions = [options.instructions, wish].filter((text) => text !== null).join('\n\n');
  return {
    input: parts,
    ...(choice?.model !== undefined && { model: choice.model }),
    ...(instructions !== '' && { instructions }),
    ...(options.tools && { tools: options.tools }),
  };
}
