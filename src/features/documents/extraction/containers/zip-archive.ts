import { constants, inflateRawSync } from 'node:zlib';
import { damaged, ExtractionError, passwordProtected } from '../extraction-error.ts';
import { ByteReader } from './byte-reader.ts';

type Entry = {
  name: string;
  method: number;
  encrypted: boolean;
  size: number;
  packedSize: number;
  headerOffset: number;
};

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_SIZE = 22;
const MAX_COMMENT = 65_535;
/** Office files have some hundreds of parts at most; e-books with many pictures some thousands. */
const MAX_ENTRIES = 50_000;

/**
 * A zip archive in memory. Own code because what is needed is small and the bound is not found elsewhere: all that
 * is ever unpacked counts against one budget, and the native inflater stops when it is spent, whatever sizes the
 * archive claims. Nothing is written anywhere, so names with ".." mean nothing.
 */
export class ZipArchive {
  readonly names: readonly string[];
  readonly #entries = new Map<string, Entry>();
  readonly #reader: ByteReader;
  readonly #what: string;
  #budget: number;

  constructor(bytes: Uint8Array, { maxUnpackedBytes, what = 'file' }: { maxUnpackedBytes: number; what?: string }) {
    this.#reader = new ByteReader(bytes);
    this.#budget = maxUnpackedBytes;
    this.#what = what;
    for (const entry of readDirectory(this.#reader, what)) this.#entries.set(normalName(entry.name), entry);
    this.names = [...this.#entries.values()].map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.#entries.has(normalName(name));
  }

  /** The unpacked part, or null where there is none of that name. Letter case and a leading slash do not count. */
  read(name: string): Uint8Array | null {
    const entry = this.#entries.get(normalName(name));
    if (!entry) return null;
    if (entry.encrypted) throw passwordProtected(this.#what);
    const header = entry.headerOffset;
    if (this.#reader.uint32(header) !== LOCAL_SIGNATURE) throw damaged(this.#what);
    const start = header + 30 + this.#reader.uint16(header + 26) + this.#reader.uint16(header + 28);
    const unpacked = this.#unpack(entry, this.#reader.slice(start, entry.packedSize));
    this.#budget -= unpacked.length;
    return unpacked;
  }

  #unpack({ method }: Entry, packed: Uint8Array): Uint8Array {
    if (method === 0 && packed.length <= this.#budget) return packed;
    if (method === 8 && this.#budget > 0) return this.#inflate(packed);
    if (method === 0 || method === 8) throw this.#tooLarge();
    throw damaged(this.#what);
  }

  #inflate(packed: Uint8Array): Uint8Array {
    try {
      // A part that was cut off gives what it has, which the reader of the format may still make sense of.
      return inflateRawSync(packed, { maxOutputLength: this.#budget, finishFlush: constants.Z_SYNC_FLUSH });
    } catch (error) {
      if (error instanceof RangeError) throw this.#tooLarge();
      throw damaged(this.#what, error);
    }
  }

  #tooLarge(): ExtractionError {
    const detail = `This ${this.#what} unpacks to far more than its own size and was not read further. If it is genuine, split it and upload the parts.`;
    return new ExtractionError('too-large', detail);
  }
}

function normalName(name: string): string {
  return name.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();
}

function* readDirectory(reader: ByteReader, what: string): Generator<Entry> {
  const end = findEnd(reader);
  if (end < 0) throw damaged(what);
  const count = Math.min(reader.uint16(end + 10) === 0xffff ? MAX_ENTRIES : reader.uint16(end + 10), MAX_ENTRIES);
  const claimed = reader.uint32(end + 16);
  // Bytes before the archive (a self-extractor, a mail gateway's banner) shift every offset.
  const actual = end - reader.uint32(end + 12);
  const shift = reader.uint32(claimed) === ENTRY_SIGNATURE || actual < claimed ? 0 : actual - claimed;
  let offset = claimed + shift;
  for (let index = 0; index < count && reader.uint32(offset) === ENTRY_SIGNATURE; index += 1) {
    const nameLength = reader.uint16(offset + 28);
    yield readEntry(reader, offset, nameLength, shift);
    offset += 46 + nameLength + reader.uint16(offset + 30) + reader.uint16(offset + 32);
  }
}

function readEntry(reader: ByteReader, offset: number, nameLength: number, shift: number): Entry {
  return {
    name: new TextDecoder().decode(reader.slice(offset + 46, nameLength)),
    method: reader.uint16(offset + 10),
    encrypted: (reader.uint16(offset + 8) & 1) === 1,
    packedSize: reader.uint32(offset + 20),
    size: reader.uint32(offset + 24),
    headerOffset: reader.uint32(offset + 42) + shift,
  };
}

function findEnd(reader: ByteReader): number {
  const lowest = Math.max(0, reader.length - END_SIZE - MAX_COMMENT);
  for (let offset = reader.length - END_SIZE; offset >= lowest; offset -= 1) {
    if (reader.uint8(offset) === 0x50 && reader.uint32(offset) === END_SIGNATURE) return offset;
  }
  return -1;
}
