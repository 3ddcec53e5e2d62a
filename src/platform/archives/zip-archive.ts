import { constants, inflateRawSync } from 'node:zlib';
import { ByteReader } from '../../lib/bytes/byte-reader.ts';

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

export type ZipFault = 'damaged' | 'password-protected' | 'too-large';

export type ZipOptions = {
  /** Of all parts that are read together. */
  maxUnpackedBytes: number;
  /** What is thrown for what the archive holds. */
  fault(kind: ZipFault, cause?: unknown): Error;
  /** Whether `a` and `A` are two parts, as in a folder of Linux; one, as Office has it, where it is left out. */
  caseMatters?: boolean;
};

/**
 * A zip archive in memory. Own code because what is needed is small and the bound is not found elsewhere: all that
 * is ever unpacked counts against one budget, and the native inflater stops when it is spent, whatever sizes the
 * archive claims. Nothing is written anywhere, so names with ".." mean nothing.
 */
export class ZipArchive {
  readonly names: readonly string[];
  readonly #entries = new Map<string, Entry>();
  readonly #reader: ByteReader;
  readonly #options: ZipOptions;
  #budget: number;

  constructor(bytes: Uint8Array, options: ZipOptions) {
    this.#reader = new ByteReader(bytes);
    this.#budget = options.maxUnpackedBytes;
    this.#options = options;
    for (const entry of readDirectory(this.#reader, options)) this.#entries.set(this.#key(entry.name), entry);
    this.names = [...this.#entries.values()].map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.#entries.has(this.#key(name));
  }

  /** Bytes that a part says it has unpacked; null where there is none of that name. */
  sizeOf(name: string): number | null {
    return this.#entries.get(this.#key(name))?.size ?? null;
  }

  /** The unpacked part, or null where there is none of that name. A leading slash does not count. */
  read(name: string): Uint8Array | null {
    const entry = this.#entries.get(this.#key(name));
    if (!entry) return null;
    if (entry.encrypted) throw this.#options.fault('password-protected');
    const header = entry.headerOffset;
    if (this.#reader.uint32(header) !== LOCAL_SIGNATURE) throw this.#options.fault('damaged');
    const start = header + 30 + this.#reader.uint16(header + 26) + this.#reader.uint16(header + 28);
    const unpacked = this.#unpack(entry, this.#reader.slice(start, entry.packedSize));
    this.#budget -= unpacked.length;
    return unpacked;
  }

  #unpack({ method }: Entry, packed: Uint8Array): Uint8Array {
    if (method === 0 && packed.length <= this.#budget) return packed;
    if (method === 8 && this.#budget > 0) return this.#inflate(packed);
    if (method === 0 || method === 8) throw this.#options.fault('too-large');
    throw this.#options.fault('damaged');
  }

  #inflate(packed: Uint8Array): Uint8Array {
    try {
      // A part that was cut off gives what it has, which the reader of the format may still make sense of.
      return inflateRawSync(packed, { maxOutputLength: this.#budget, finishFlush: constants.Z_SYNC_FLUSH });
    } catch (error) {
      if (error instanceof RangeError) throw this.#options.fault('too-large');
      throw this.#options.fault('damaged', error);
    }
  }

  #key(name: string): string {
    const normal = normalName(name);
    return this.#options.caseMatters ? normal : normal.toLowerCase();
  }
}

function normalName(name: string): string {
  return name.replaceAll('\\', '/').replace(/^\/+/, '');
}

function* readDirectory(reader: ByteReader, { fault }: ZipOptions): Generator<Entry> {
  const end = findEnd(reader);
  if (end < 0) throw fault('damaged');
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
