import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';

const COMPRESSED = 0x75465a4c;
const DICTIONARY_SIZE = 4_096;
/** Outlook bodies are far smaller; a false size must not reserve memory. */
const MAX_SIZE = 64 * 1024 ** 2;
/** What the dictionary starts with, [MS-OXRTFCP] 2.1.3.1. */
const PRELOADED =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript ' +
  '\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par ' +
  '\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx';

/** Unpacks Outlook's compressed RTF. */
export function decompressRtf(packed: Uint8Array): Uint8Array {
  const reader = new ByteReader(packed);
  // A reference of two bytes gives 17 at most.
  const size = Math.min(reader.uint32(4), MAX_SIZE, packed.length * 9);
  if (reader.uint32(8) !== COMPRESSED) return reader.slice(16, size);
  const window = new SlidingWindow(size);
  for (let position = 16; position < packed.length && !window.isFull; ) {
    const control = reader.uint8(position);
    position += 1;
    for (let bit = 0; bit < 8 && position < packed.length; bit += 1) {
      const isReference = (control & (1 << bit)) !== 0;
      if (!isReference) window.emit(reader.uint8(position));
      else if (!window.copy((reader.uint8(position) << 8) | reader.uint8(position + 1))) return window.output;
      position += isReference ? 2 : 1;
    }
  }
  return window.output;
}

class SlidingWindow {
  readonly #dictionary = new Uint8Array(DICTIONARY_SIZE);
  readonly #output: Uint8Array;
  #write = PRELOADED.length;
  #length = 0;

  constructor(size: number) {
    this.#output = new Uint8Array(size);
    this.#dictionary.set(Buffer.from(PRELOADED, 'latin1'));
  }

  get isFull(): boolean {
    return this.#length >= this.#output.length;
  }

  get output(): Uint8Array {
    return this.#output.subarray(0, this.#length);
  }

  emit(byte: number): void {
    if (!this.isFull) {
      this.#output[this.#length] = byte;
      this.#length += 1;
    }
    this.#dictionary[this.#write] = byte;
    this.#write = (this.#write + 1) % DICTIONARY_SIZE;
  }

  /** Twelve bits of place, four of length; false for the mark that ends the data. */
  copy(reference: number): boolean {
    const place = reference >> 4;
    if (place === this.#write) return false;
    for (let index = 0; index < (reference & 15) + 2; index += 1) {
      this.emit(this.#dictionary[(place + index) % DICTIONARY_SIZE] ?? 0);
    }
    return true;
  }
}
