export type RtfToken =
  | { kind: 'open' | 'close' }
  | { kind: 'word'; word: string; value: number | null }
  /** Bytes of text in the charset of the font. */
  | { kind: 'bytes'; start: number; end: number }
  | { kind: 'byte'; byte: number };

const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** The tokens of an RTF file (specification 1.9.1); binary runs (`\binN`) are left out. */
export function* rtfTokens(bytes: Uint8Array): Generator<RtfToken> {
  let position = 0;
  while (position < bytes.length) {
    const byte = bytes[position] ?? 0;
    if (byte === OPEN || byte === CLOSE) {
      position += 1;
      yield { kind: byte === OPEN ? 'open' : 'close' };
    } else if (byte === BACKSLASH) {
      const { token, end } = readControl(bytes, position + 1);
      position = end + binaryLength(token);
      yield token;
    } else {
      const end = textEnd(bytes, position);
      if (end > position) yield { kind: 'bytes', start: position, end };
      position = Math.max(end, position + 1);
    }
  }
}

function binaryLength(token: RtfToken): number {
  return token.kind === 'word' && token.word === 'bin' ? Math.max(0, token.value ?? 0) : 0;
}

/** Up to the next control, brace or line end; line ends mean nothing. */
function textEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  for (let byte = bytes[end]; end < bytes.length; byte = bytes[++end]) {
    if (byte === BACKSLASH || byte === OPEN || byte === CLOSE || byte === 10 || byte === 13 || byte === 0) break;
  }
  return end;
}

function readControl(bytes: Uint8Array, start: number): { token: RtfToken; end: number } {
  let end = start;
  while (end - start < 32 && isLetter(bytes[end])) end += 1;
  if (end === start) return readSymbol(bytes, start);
  const word = ascii(bytes, start, end);
  const numberStart = end;
  if (bytes[end] === 0x2d) end += 1;
  while (end - numberStart < 11 && isDigit(bytes[end])) end += 1;
  const digits = ascii(bytes, numberStart, end);
  if (bytes[end] === 0x20) end += 1;
  return { token: { kind: 'word', word, value: /\d/.test(digits) ? Number(digits) : null }, end };
}

/** `\'hh` is a byte, `\*` and the like are words of one character. */
function readSymbol(bytes: Uint8Array, start: number): { token: RtfToken; end: number } {
  const symbol = String.fromCharCode(bytes[start] ?? 0);
  if (symbol !== "'") return { token: { kind: 'word', word: symbol, value: null }, end: start + 1 };
  const byte = Number.parseInt(ascii(bytes, start + 1, start + 3), 16);
  return { token: { kind: 'byte', byte: Number.isNaN(byte) ? 0x3f : byte }, end: start + 3 };
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a));
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
