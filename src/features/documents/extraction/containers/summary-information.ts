import { ByteReader } from '../../../../lib/bytes/byte-reader.ts';
import { charsetOfCodePage, decode } from '../detection/code-pages.ts';
import type { DocumentWriter } from '../writing/document-writer.ts';
import type { CompoundFile } from './compound-file.ts';
import { meaningfulTitle } from './office-package.ts';

const STREAM = '\u0005SummaryInformation';
const CODE_PAGE = 1;
const TITLE = 2;
const LONGEST_TITLE = 1_000;
const UTF_16 = 1200;

/** The title among the properties of an old Office file ([MS-OLEPS] 2.21). */
export function readSummaryTitle(file: CompoundFile, writer: DocumentWriter): void {
  const stream = file.read(STREAM);
  if (!stream) return;
  const reader = new ByteReader(stream);
  const set = reader.uint32(44);
  const places = new Map<number, number>();
  for (let index = 0; index < Math.min(reader.uint32(set + 4), 100); index += 1) {
    places.set(reader.uint32(set + 8 + index * 8), set + reader.uint32(set + 12 + index * 8));
  }
  const title = places.get(TITLE);
  if (title === undefined) return;
  const codePage = places.has(CODE_PAGE) ? reader.uint16((places.get(CODE_PAGE) ?? 0) + 4) : 1252;
  const length = Math.min(reader.uint32(title + 4), LONGEST_TITLE);
  const text =
    codePage === UTF_16
      ? reader.utf16(title + 8, length / 2)
      : decode(reader.slice(title + 8, length), charsetOfCodePage(codePage));
  writer.setTitle(meaningfulTitle(text.replace(/\0[\s\S]*$/, '')));
}
