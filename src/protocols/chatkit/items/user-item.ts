import type { AttachmentPart, InputPart, MessageView } from '../../../features/chat/index.ts';
import { itemId, threadId, timeOf } from '../ids.ts';
import type { AttachmentView, UserMessageItem, UserPart } from '../wire.ts';

/** Media types that every browser shows as a picture, and in which no script runs. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

export function isPicture(contentType: string): boolean {
  return PICTURES.has(baseType(contentType));
}

/** Without what a client has added to it, which is no header of ours. */
export function baseType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Gives the address at which a picture is shown to whoever has it. */
export type PreviewUrl = (attachmentId: string) => string;

export function userItem(message: MessageView, previewUrl: PreviewUrl): UserMessageItem {
  const thread = threadId(message.session_id);
  const parts = message.parts as readonly InputPart[];
  const quote = parts.find((part) => part.type === 'quote');
  const choice = parts.find((part) => part.type === 'choice');
  return {
    id: itemId('msg', message.id),
    thread_id: thread,
    // As an answer's: the time at which it was stored may be behind that of the answer to it.
    created_at: timeOf(message.id),
    type: 'user_message',
    content: parts.flatMap(userPart),
    attachments: parts
      .filter((part) => part.type === 'attachment')
      .map((part) => ({ ...attachmentView(part, previewUrl), thread_id: thread })),
    ...(quote && { quoted_text: quote.text }),
    inference_options: {
      ...(choice?.model !== undefined && { model: choice.model }),
      ...(choice?.tool !== undefined && { tool_choice: { id: choice.tool } }),
    },
  };
}

function userPart(part: InputPart): UserPart[] {
  if (part.type === 'text') return [{ type: 'input_text', text: part.text }];
  if (part.type !== 'mention') return [];
  const { id, text, data, group, interactive = false } = part;
  return [{ type: 'input_tag', id, text, data, ...(group !== undefined && { group }), interactive }];
}

export function attachmentView(part: Omit<AttachmentPart, 'type'>, previewUrl: PreviewUrl): AttachmentView {
  const { attachment_id, name, content_type } = part;
  const about = { id: `atc_${attachment_id}`, name, mime_type: content_type };
  return isPicture(content_type)
    ? { type: 'image', ...about, preview_url: previewUrl(attachment_id) }
    : { type: 'file', ...about };
}
