import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import { CompoundFile } from '../../containers/compound-file.ts';
import { charsetOfCodePage, decode } from '../../detection/code-pages.ts';
import type { DocumentReader, NestedFile } from '../../document-reader.ts';
import { rtfToText } from '../rich-text/rtf-reader.ts';
import { decompressRtf } from './compressed-rtf.ts';
import { writeMail } from './write-mail.ts';

/** Property numbers of [MS-OXPROPS]. */
const PROPERTY = {
  subject: 0x0037,
  senderName: 0x0c1a,
  senderAddress: 0x0c1f,
  displayTo: 0x0e04,
  displayCc: 0x0e03,
  body: 0x1000,
  compressedRtf: 0x1009,
  html: 0x1013,
  attachmentContent: 0x3701,
  attachmentName: 0x3704,
  attachmentLongName: 0x3707,
  attachmentType: 0x370e,
  codePage: 0x3ffd,
  internetCodePage: 0x3fde,
  submitTime: 0x0039,
  deliveryTime: 0x0e06,
} as const;
const UNICODE = '001F';
const EIGHT_BIT = '001E';
const BINARY = '0102';
/** 100-nanosecond steps between 1601 and 1970. */
const FILETIME_EPOCH = 116_444_736_000_000_000n;

/** Outlook messages (MSG, [MS-OXMSG]). */
export const readOutlookMessage: DocumentReader = async (context, writer) => {
  const message = new MessageStorage(new CompoundFile(context.bytes), '');
  const rtf = message.binary(PROPERTY.compressedRtf);
  const text = message.text(PROPERTY.body) || (rtf ? rtfToText(decompressRtf(rtf)) : '');
  const sender = [message.text(PROPERTY.senderName), message.text(PROPERTY.senderAddress)];
  await writeMail(
    {
      subject: message.text(PROPERTY.subject),
      headers: [
        ['From', [...new Set(sender)].filter((part) => part !== '' && !part.startsWith('/O=')).join(', ')],
        ['To', message.text(PROPERTY.displayTo)],
        ['Cc', message.text(PROPERTY.displayCc)],
        ['Date', message.time(PROPERTY.submitTime) || message.time(PROPERTY.deliveryTime)],
      ],
      text,
      html: message.html(),
      attachments: message.attachments(),
    },
    context,
    writer,
  );
};

/** The properties of a message or of one of its attachments. */
class MessageStorage {
  readonly #file: CompoundFile;
  readonly #prefix: string;
  readonly #charset: string;

  constructor(file: CompoundFile, prefix: string) {
    this.#file = file;
    this.#prefix = prefix;
    const codePage = this.#number(PROPERTY.internetCodePage) || this.#number(PROPERTY.codePage) || 1252;
    this.#charset = charsetOfCodePage(codePage);
  }

  text(property: number): string {
    const unicode = this.#stream(property, UNICODE);
    if (unicode) return new TextDecoder('utf-16le').decode(unicode).replace(/\0+$/, '');
    const bytes = this.#stream(property, EIGHT_BIT);
    return bytes ? decode(bytes, this.#charset).replace(/\0+$/, '') : '';
  }

  binary(property: number): Uint8Array | null {
    return this.#stream(property, BINARY);
  }

  html(): string {
    const bytes = this.binary(PROPERTY.html);
    return bytes ? decode(bytes, this.#charset) : this.text(PROPERTY.html);
  }

  /** ISO 8601 in UTC; "" where there is none. */
  time(property: number): string {
    const reader = this.#fixedProperty(property);
    const steps = reader ? (BigInt(reader.uint32(4)) << 32n) + BigInt(reader.uint32(0)) : 0n;
    const milliseconds = Number((steps - FILETIME_EPOCH) / 10_000n);
    return milliseconds > 0 && milliseconds < 8.64e15 ? new Date(milliseconds).toISOString() : '';
  }

  attachments(): NestedFile[] {
    const folders = this.#file.paths
      .filter((path) => path.startsWith(`${this.#prefix}__attach_version1.0_#`))
      .map((path) => path.slice(0, path.indexOf('/', this.#prefix.length) + 1));
    return [...new Set(folders)].flatMap((folder) => {
      const attachment = new MessageStorage(this.#file, folder);
      const bytes = attachment.binary(PROPERTY.attachmentContent);
      const name = attachment.text(PROPERTY.attachmentLongName) || attachment.text(PROPERTY.attachmentName);
      return bytes ? [{ name, declaredType: attachment.text(PROPERTY.attachmentType) || null, bytes }] : [];
    });
  }

  #stream(property: number, type: string): Uint8Array | null {
    const number = property.toString(16).toUpperCase().padStart(4, '0');
    return this.#file.read(`${this.#prefix}__substg1.0_${number}${type}`);
  }

  #number(property: number): number {
    return this.#fixedProperty(property)?.uint32(0) ?? 0;
  }

  /** Values of fixed size stand in one stream, 16 bytes each, behind a head of 32 bytes (8 in an attachment). */
  #fixedProperty(property: number): ByteReader | null {
    const bytes = this.#file.read(`${this.#prefix}__properties_version1.0`);
    if (!bytes) return null;
    const reader = new ByteReader(bytes);
    for (let offset = this.#prefix === '' ? 32 : 8; offset + 16 <= reader.length; offset += 16) {
      if (reader.uint16(offset + 2) === property) return new ByteReader(reader.slice(offset + 8, 8));
    }
    return null;
  }
}
