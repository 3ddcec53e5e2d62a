import type { InputPart, RunInput } from '../../../features/chat/index.ts';
import type { Attachment } from '../../../features/documents/index.ts';
import type { UserInput } from '../chatkit.schema.ts';
import type { ChatkitOptions } from '../dependencies.ts';

/** What a page sent, as the parts of a message. */
export function inputParts(
  { content, quoted_text, inference_options }: UserInput,
  attachments: readonly Attachment[],
): InputPart[] {
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
    ...(options.tools.length > 0 && { tools: options.tools }),
  };
}
