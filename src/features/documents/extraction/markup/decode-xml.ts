import { decodeText } from '../detection/charset.ts';
import { decode, isKnown } from '../detection/code-pages.ts';

/** XML as text: by byte order mark, by its declaration, else UTF-8 where that is valid. */
export function decodeXml(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const declared = /^\s*<\?xml[^>]{0,100}\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]?.toLowerCase();
  // A declared UTF-16 could not have been read as ASCII here; what wrote it then converted the file.
  if (declared && isKnown(declared) && !declared.startsWith('utf')) return decode(bytes, declared);
  return decodeText(bytes);
}
