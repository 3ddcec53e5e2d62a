import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';

export type BiffRecord = { type: number; reader: ByteReader; offset: number };

export const CONTINUE = 0x003c;

/** The records of a BIFF stream ([MS-XLS] 2.1.4). A record that claims more than there is ends them. */
export function* biffRecords(stream: Uint8Array): Generator<BiffRecord> {
  const reader = new ByteReader(stream);
  for (let offset = 0; offset + 4 <= reader.length; ) {
    const length = reader.uint16(offset + 2);
    yield { type: reader.uint16(offset), reader: new ByteReader(reader.slice(offset + 4, length)), offset };
    offset += 4 + length;
  }
}

/** The number that RK packs into 32 bits: the top of a double or an integer, perhaps a hundredfold. */
export function decodeRk(packed: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setInt32(4, packed & ~3, true);
  const value = (packed & 2) !== 0 ? packed >> 2 : view.getFloat64(0, true);
  return (packed & 1) !== 0 ? value / 100 : value;
}

/** A Unicode string that starts with its length in `lengthBytes` bytes and its flags. */
export function unicodeString(reader: ByteReader, offset: number, lengthBytes: 1 | 2): string {
  const length = lengthBytes === 1 ? reader.uint8(offset) : reader.uint16(offset);
  const flags = reader.uint8(offset + lengthBytes);
  const start = offset + lengthBytes + 1 + ((flags & 8) !== 0 ? 2 : 0) + ((flags & 4) !== 0 ? 4 : 0);
  return (flags & 1) !== 0 ? reader.utf16(start, length) : latin1(reader.slice(start, length));
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The shared strings of BIFF8, which run on over CONTINUE records, breaking even inside a string. */
export function sharedStrings(parts: readonly ByteReader[]): string[] {
  const cursor = new PartsCursor(parts);
  cursor.skip(4);
  const count = cursor.uint32();
  const strings: string[] = [];
  while (strings.length < count && !cursor.isAtEnd) strings.push(cursor.string());
  return strings;
}

class PartsCursor {
  readonly #parts: readonly ByteReader[];
  #part = 0;
  #offset = 0;

  constructor(parts: readonly ByteReader[]) {
    this.#parts = parts;
  }

  get isAtEnd(): boolean {
    this.#settle();
    return this.#part >= this.#parts.length;
  }

  string(): string {
    const length = this.#uint16();
    let flags = this.#uint8();
    const runs = (flags & 8) !== 0 ? this.#uint16() : 0;
    const phonetic = (flags & 4) !== 0 ? this.uint32() : 0;
    let text = '';
    while (text.length < length && !this.isAtEnd) {
      // Behind a break inside the characters, the flags come once more.
      if (this.#offset === 0 && text.length > 0) flags = this.#uint8();
      text += this.#characters(length - text.length, (flags & 1) !== 0);
    }
    this.skip(runs * 4 + phonetic);
    return text;
  }

  skip(bytes: number): void {
    for (let left = bytes; left > 0 && !this.isAtEnd; ) {
      const step = Math.min(left, this.#left());
      this.#offset += step;
      left -= step;
    }
  }

  uint32(): number {
    return this.#uint16() + this.#uint16() * 65_536;
  }

  #characters(wanted: number, wide: boolean): string {
    const part = this.#parts[this.#part];
    const count = Math.min(wanted, Math.max(1, Math.floor(this.#left() / (wide ? 2 : 1))));
    const text = wide
      ? (part?.utf16(this.#offset, count) ?? '')
      : latin1(part?.slice(this.#offset, count) ?? new Uint8Array());
    this.#offset += count * (wide ? 2 : 1);
    this.#settle();
    return text || '\ufffd';
  }

  #uint16(): number {
    return this.#uint8() + this.#uint8() * 256;
  }

  #uint8(): number {
    this.#settle();
    const value = this.#parts[this.#part]?.uint8(this.#offset) ?? 0;
    this.#offset += 1;
    return value;
  }

  #left(): number {
    return Math.max(0, (this.#parts[this.#part]?.length ?? 0) - this.#offset);
  }

  #settle(): void {
    while (this.#part < this.#parts.length && this.#left() === 0) {
      this.#part += 1;
      this.#offset = 0;
    }
  }
}
