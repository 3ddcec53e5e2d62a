import { isUtf8 as isValidUtf8 } from 'node:buffer';
import { decode, isKnown } from './code-pages.ts';
import { plausibility } from './plausibility.ts';

/** Bytes that decide; a long file says nothing after that that it has not said before. */
const SAMPLE = 64 * 1024;

const SEVERAL_BYTES = ['shift_jis', 'gb18030', 'euc-jp', 'big5', 'euc-kr', 'utf-16le', 'utf-16be'];
const SINGLE_BYTE = [
  'windows-1252',
  'windows-1251',
  'koi8-r',
  'koi8-u',
  'ibm866',
  'windows-1250',
  'iso-8859-2',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-874',
  'macintosh',
  'x-mac-cyrillic',
  'iso-8859-5',
  'cp850',
  'cp852',
  'cp437',
];

/** Rarely met today: they must be a little likelier than the others. */
const RARE = new Set(['macintosh', 'x-mac-cyrillic', 'iso-8859-5', 'cp437', 'cp850', 'cp852', 'utf-16be']);
/** Chinese text has none; the bytes of Japanese EUC mean the same kana in GB 18030. */
const KANA = /[ぁ-んァ-ヶ]/;

/**
 * The text of bytes in an unknown charset: by byte order mark, as UTF-8 where that is valid, by the declared charset
 * where it fits, else by which charset gives the likeliest letters. Own code: the kept package for this (`chardet`)
 * knows no DOS code page and is mistaken on texts of a line or two.
 */
export function decodeText(bytes: Uint8Array, declared: string | null = null): string {
  const charset = detectCharset(bytes, declared);
  return decode(bytes, charset);
}

export function detectCharset(bytes: Uint8Array, declared: string | null = null): string {
  const sample = bytes.subarray(0, SAMPLE);
  const unicode = unicodeCharset(bytes, sample);
  if (unicode) return unicode;
  if (declared && isKnown(declared) && plausibility(decode(sample, declared)) >= 0) return declared;
  return likeliest(sample);
}

function unicodeCharset(bytes: Uint8Array, sample: Uint8Array): string | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return utf16WithoutMark(sample) ?? (isUtf8(bytes) ? 'utf-8' : null);
}

/** Text whose NULs all stand on one side of its byte pairs, as in UTF-16 of a European language. */
function utf16WithoutMark(sample: Uint8Array): string | null {
  const zeros: [number[], number[]] = [[], []];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2 === 0 ? 0 : 1].push(index);
  const [even, odd] = zeros;
  const besideLetters = (places: number[], step: number): boolean =>
    places.filter((index) => isVisible(sample[index + step] ?? 0)).length > 0.9 * places.length;
  if (even.length === 0 && odd.length > 0 && besideLetters(odd, -1)) return 'utf-16le';
  if (odd.length === 0 && even.length > 0 && besideLetters(even, 1)) return 'utf-16be';
  return null;
}

function isVisible(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13);
}

/** One broken sequence in ten thousand bytes (a cut-off copy, a stray byte) does not make it something else. */
function isUtf8(bytes: Uint8Array): boolean {
  if (isValidUtf8(bytes)) return true;
  const text = new TextDecoder('utf-8').decode(bytes.subarray(0, SAMPLE));
  const broken = text.split('\ufffd').length - 1;
  const multiByte = text.match(/[^\p{ASCII}\ufffd]/gu)?.length ?? 0;
  return multiByte > 20 * broken && broken <= 1 + text.length / 10_000;
}

function isStrict(bytes: Uint8Array, charset: string): boolean {
  try {
    new TextDecoder(charset, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function likeliest(sample: Uint8Array): string {
  let best = { charset: 'windows-1252', score: Number.NEGATIVE_INFINITY };
  const whole = trimPartialCharacter(sample);
  for (const charset of [...SINGLE_BYTE, ...SEVERAL_BYTES.filter((candidate) => isStrict(whole, candidate))]) {
    const text = decode(whole, charset);
    const score = plausibility(text) - (RARE.has(charset) ? 1 : 0) - (charset === 'gb18030' && KANA.test(text) ? 2 : 0);
    if (score > best.score) best = { charset, score };
  }
  return best.charset;
}

/** A sample may end inside a character of two bytes: up to its last ASCII byte it does not. */
function trimPartialCharacter(sample: Uint8Array): Uint8Array {
  if (sample.length < SAMPLE) return sample;
  const last = sample.findLastIndex((byte) => byte < 0x30);
  return last > 0 ? sample.subarray(0, last) : sample;
}
