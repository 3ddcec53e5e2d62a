import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import type { DocumentReader, NestedFile } from '../../document-reader.ts';
import { writeMail } from './write-mail.ts';

/** Deeper nesting of parts than any mail program writes. */
const MAX_NESTING = 32;

/** E-mail messages and web archives (EML, MHTML), and mailboxes (mbox), message by message. */
export const readEmail: DocumentReader = async (context, writer) => {
  for (const message of messagesOf(context.bytes)) {
    const email = await PostalMime.parse(message, { maxNestingDepth: MAX_NESTING, attachmentEncoding: 'arraybuffer' });
    await writeMail(
      {
        subject: email.subject ?? '',
        headers: [
          ['From', addresses(email.from ? [email.from] : [])],
          ['To', addresses(email.to)],
          ['Cc', addresses(email.cc)],
          ['Date', dateOf(email)],
        ],
        text: email.text ?? '',
        html: email.html ?? '',
        attachments: email.attachments.flatMap(toFile),
      },
      context,
      writer,
    );
  }
};

/** In a mailbox each message starts with a line "From " behind an empty one. */
function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (source.subarray(0, 5).toString('latin1') !== 'From ') return [source];
  const messages: Uint8Array[] = [];
  let start = 0;
  while (start < source.length) {
    const lineEnd = source.indexOf('\n', start);
    const next = source.indexOf('\nFrom ', lineEnd < 0 ? source.length : lineEnd);
    const end = next < 0 ? source.length : next + 1;
    messages.push(source.subarray(lineEnd < 0 ? start : lineEnd + 1, end));
    start = end;
  }
  return messages;
}

function addresses(list: readonly Address[] | undefined): string {
  return (list ?? [])
    .flatMap((entry) => (entry.group ? entry.group : [entry]))
    .map(({ name, address }) => (name && address ? `${name} <${address}>` : name || address || ''))
    .join(', ');
}

function dateOf({ date }: Email): string {
  return date ?? '';
}

function toFile({ filename, mimeType, content }: Attachment): NestedFile[] {
  if (typeof content === 'string') return [];
  const bytes = content instanceof ArrayBuffer ? new Uint8Array(content) : content;
  const isMessage = mimeType === 'message/rfc822';
  return [{ name: filename ?? (isMessage ? 'message.eml' : ''), declaredType: mimeType, bytes }];
}
