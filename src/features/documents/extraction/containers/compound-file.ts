import { ByteReader } from '../../../../lib/bytes/byte-reader.ts';
import { damaged } from '../extraction-error.ts';

type Stream = { path: string; start: number; size: number };

const END_OF_CHAIN = 0xfffffffa; // and the special values above it
const STREAM = 2;
const ROOT = 5;
const NO_SIBLING = 0xffffffff;

/**
 * Microsoft's compound file (OLE2), which holds old Office documents and Outlook messages. Own code: the one kept
 * package for it has had no release since 2022, and loops and false lengths have to end here. [MS-CFB] 2.1 to 2.6.
 */
export class CompoundFile {
  readonly #reader: ByteReader;
  readonly #sectorSize: number;
  readonly #fat: Uint32Array;
  readonly #miniFat: Uint32Array;
  readonly #miniStream: Uint8Array;
  readonly #miniCutoff: number;
  readonly #streams = new Map<string, Stream>();

  constructor(bytes: Uint8Array) {
    const reader = new ByteReader(bytes);
    this.#reader = reader;
    const shift = reader.uint16(30);
    if (shift < 7 || shift > 16) throw damaged('file');
    this.#sectorSize = 1 << shift;
    this.#miniCutoff = reader.uint32(56) || 4096;
    this.#fat = this.#readFat();
    this.#miniFat = toUint32(this.#chain(reader.uint32(60), Number.POSITIVE_INFINITY));
    const directory = new ByteReader(this.#chain(reader.uint32(48), Number.POSITIVE_INFINITY));
    this.#miniStream = this.#chain(directory.uint32(116), directory.uint32(120));
    for (const stream of listStreams(directory)) this.#streams.set(stream.path.toLowerCase(), stream);
  }

  /** Paths of all streams, storages joined by "/". */
  get paths(): string[] {
    return [...this.#streams.values()].map(({ path }) => path);
  }

  has(path: string): boolean {
    return this.#streams.has(path.toLowerCase());
  }

  read(path: string): Uint8Array | null {
    const stream = this.#streams.get(path.toLowerCase());
    if (!stream) return null;
    return stream.size < this.#miniCutoff ? this.#miniChain(stream) : this.#chain(stream.start, stream.size);
  }

  #readFat(): Uint32Array {
    const reader = this.#reader;
    const sectors: number[] = [];
    for (let index = 0; index < 109; index += 1) sectors.push(reader.uint32(76 + index * 4));
    const perSector = this.#sectorSize / 4 - 1;
    let next = reader.uint32(68);
    for (let left = this.#sectorCount(); left > 0 && next < END_OF_CHAIN; left -= 1) {
      const offset = this.#offset(next);
      for (let index = 0; index < perSector; index += 1) sectors.push(reader.uint32(offset + index * 4));
      next = reader.uint32(offset + perSector * 4);
    }
    // A sector that is named twice adds nothing but memory.
    const real = [...new Set(sectors)].filter((sector) => sector < this.#sectorCount());
    return toUint32(Buffer.concat(real.map((sector) => reader.slice(this.#offset(sector), this.#sectorSize))));
  }

  #chain(start: number, size: number): Uint8Array {
    const sectors: Uint8Array[] = [];
    let sector = start;
    let left = Math.min(size, this.#reader.length);
    for (let steps = this.#sectorCount(); steps >= 0 && left > 0 && sector < END_OF_CHAIN; steps -= 1) {
      sectors.push(this.#reader.slice(this.#offset(sector), Math.min(this.#sectorSize, left)));
      left -= this.#sectorSize;
      sector = this.#fat[sector] ?? END_OF_CHAIN;
    }
    return Buffer.concat(sectors);
  }

  #miniChain({ start, size }: Stream): Uint8Array {
    const pieces: Uint8Array[] = [];
    let sector = start;
    for (let left = size; left > 0 && sector < END_OF_CHAIN; left -= 64) {
      pieces.push(this.#miniStream.subarray(sector * 64, sector * 64 + Math.min(64, left)));
      sector = this.#miniFat[sector] ?? END_OF_CHAIN;
    }
    return Buffer.concat(pieces);
  }

  #sectorCount(): number {
    return Math.ceil(this.#reader.length / this.#sectorSize);
  }

  #offset(sector: number): number {
    return (sector + 1) * this.#sectorSize;
  }
}

function toUint32(bytes: Uint8Array): Uint32Array {
  const reader = new ByteReader(bytes);
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => reader.uint32(index * 4));
}

/** Walks the tree of siblings and children without recursion, each entry once. */
function* listStreams(directory: ByteReader): Generator<Stream> {
  const seen = new Set<number>();
  const pending = [{ entry: directory.uint32(76), storage: '' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const offset = next.entry * 128;
    if (next.entry === NO_SIBLING || seen.has(next.entry) || offset + 128 > directory.length) continue;
    seen.add(next.entry);
    const name = directory.utf16(offset, Math.max(0, Math.min(directory.uint16(offset + 64) / 2 - 1, 31)));
    const path = next.storage === '' ? name : `${next.storage}/${name}`;
    const type = directory.uint8(offset + 66);
    if (type === STREAM) yield { path, start: directory.uint32(offset + 116), size: directory.uint32(offset + 120) };
    else if (type !== ROOT) pending.push({ entry: directory.uint32(offset + 76), storage: path });
    for (const sibling of [68, 72]) pending.push({ entry: directory.uint32(offset + sibling), storage: next.storage });
  }
}
