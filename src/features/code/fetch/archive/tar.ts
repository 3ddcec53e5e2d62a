import { damaged } from '../fetch-fault.ts';

const BLOCK = 512;
const WHAT = 'The archive';
/** Of an archive; one with more is no source code. */
const MOST_ENTRIES = 200_000;

export type TarFile = { path: string; bytes: Buffer };

/**
 * The plain files of a tar archive, with the names of all three formats that are in use (ustar, pax, GNU). Links, devices and
 * whatever else there is are passed over. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 * @throws FetchFault
 */
export function* readTar(bytes: Buffer): Generator<TarFile> {
  let longName: string | null = null;
  for (const { type, header, content } of entriesOf(bytes)) {
    if (type === 'L') longName = textOf(content);
    else if (type === 'x') longName = paxPath(content) ?? longName;
    else if (type === '0' || type === '\0') yield { path: longName ?? nameOf(header), bytes: content };
    if (!NAMING.has(type)) longName = null;
  }
}

/** Entries that say something of the one behind them. */
const NAMING = new Set(['L', 'K', 'x', 'g']);

type TarEntry = { type: string; header: Buffer; content: Buffer };

function* entriesOf(bytes: Buffer): Generator<TarEntry> {
  for (let at = 0, count = 0; at + BLOCK <= bytes.length; count += 1) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = sizeOf(header);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (!isHeader(header) || content.length < size || count > MOST_ENTRIES) throw damaged(WHAT);
    yield { type: String.fromCharCode(header[156] ?? 0), header, content };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The sum of a header's bytes, its own eight counted as spaces. */
function isHeader(header: Buffer): boolean {
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum === octal(header.subarray(148, 156));
}

function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136);
  // Sizes of 8 GB and more are binary; such a file is in no archive that is taken here.
  const size = (field[0] ?? 0) & 0x80 ? Number.NaN : octal(field);
  if (!Number.isSafeInteger(size)) throw damaged(WHAT);
  return size;
}

function octal(field: Buffer): number {
  const digits = textOf(field).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Digits of the length of a record, at most. */
const LENGTH_DIGITS = 10;

/** Records are `<length> <key>=<value>\n`. */
function paxPath(content: Buffer): string | null {
  for (let at = 0; at < content.length; ) {
    const head = content.toString('latin1', at, at + LENGTH_DIGITS + 1);
    const [, digits] = /^([1-9]\d*) /.exec(head) ?? [];
    if (digits === undefined) return null;
    const length = Number(digits);
    const record = content.toString('utf8', at + digits.length + 1, at + length - 1);
    if (record.startsWith('path=')) return record.slice('path='.length);
    at += length;
  }
  return null;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}
