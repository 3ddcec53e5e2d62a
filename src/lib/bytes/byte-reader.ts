/** Little-endian reads that answer 0 beyond the end, so that a broken offset cannot throw in mid-format. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  uint8(offset: number): number {
    return this.bytes[offset] ?? 0;
  }

  uint16(offset: number): number {
    return this.#holds(offset, 2) ? this.#view.getUint16(offset, true) : 0;
  }

  int16(offset: number): number {
    return this.#holds(offset, 2) ? this.#view.getInt16(offset, true) : 0;
  }

  uint32(offset: number): number {
    return this.#holds(offset, 4) ? this.#view.getUint32(offset, true) : 0;
  }

  int32(offset: number): number {
    return this.#holds(offset, 4) ? this.#view.getInt32(offset, true) : 0;
  }

  float64(offset: number): number {
    return this.#holds(offset, 8) ? this.#view.getFloat64(offset, true) : 0;
  }

  slice(offset: number, length: number): Uint8Array {
    const start = Math.max(0, offset);
    return this.bytes.subarray(start, Math.max(start, offset + length));
  }

  /** UTF-16 (little-endian) text of `length` characters. */
  utf16(offset: number, length: number): string {
    return new TextDecoder('utf-16le').decode(this.slice(offset, length * 2));
  }

  #holds(offset: number, size: number): boolean {
    return offset >= 0 && offset + size <= this.bytes.length;
  }
}
