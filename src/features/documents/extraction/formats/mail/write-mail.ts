import type { NestedFile, ReadContext } from '../../document-reader.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { writePlainText } from '../plain/plain-text.ts';
import { writeHtml } from '../web/html-reader.ts';

export type Mail = {
  subject: string;
  /** Name and value of the headers that a reader sees, in that order; empty values are left out. */
  headers: readonly (readonly [string, string])[];
  text: string;
  html: string;
  attachments: readonly NestedFile[];
};

const MAX_ATTACHMENTS = 50;
/** A plain part much shorter than the HTML only says that there is HTML. */
const LEAST_TEXT_SHARE = 0.1;

/** A message: subject, headers, body, then what is attached. */
export async function writeMail(mail: Mail, context: ReadContext, writer: DocumentWriter): Promise<void> {
  writer.setTitle(mail.subject);
  writer.heading(1, mail.subject);
  const headers = mail.headers.filter(([, value]) => value.trim() !== '');
  writer.paragraph(headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
  writeBody(mail, writer, headers.length > 0);
  for (const attachment of mail.attachments.slice(0, MAX_ATTACHMENTS)) await context.readNested(attachment);
  if (mail.attachments.length > MAX_ATTACHMENTS)
    writer.warn(`Only the first ${MAX_ATTACHMENTS} attachments were read.`);
}

/** Without sender or recipient it is a web page that a browser saved. */
function writeBody({ text, html }: Mail, writer: DocumentWriter, isMessage: boolean): void {
  const plainIsEnough = text.trim() !== '' && text.length >= LEAST_TEXT_SHARE * html.length;
  if (html === '' || plainIsEnough) writePlainText(text, writer);
  else writeHtml(html, writer, { isPage: !isMessage });
}
