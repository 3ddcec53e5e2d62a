import { describe, expect, it } from 'vitest';
import { decodeText, detectCharset } from './charset.ts';
import { decode } from './code-pages.ts';

/** Encodes by looking each character up in what the charset decodes to. */
function encode(text: string, charset: string): Uint8Array {
  const table = new Map<string, number[]>();
  for (let byte = 0; byte < 256; byte += 1) table.set(decode(Uint8Array.of(byte), charset), [byte]);
  if (/shift_jis|euc|gb|big5/.test(charset)) addPairs(table, charset);
  return Uint8Array.from([...text].flatMap((character) => table.get(character) ?? []));
}

function addPairs(table: Map<string, number[]>, charset: string): void {
  for (let first = 0x81; first < 0xff; first += 1) {
    for (let second = 0x40; second < 0xff; second += 1) {
      const text = decode(Uint8Array.of(first, second), charset);
      if ([...text].length === 1 && text !== '\ufffd' && !table.has(text)) table.set(text, [first, second]);
    }
  }
}

const TEXTS: readonly (readonly [string, readonly string[], string])[] = [
  [
    'Russian',
    ['windows-1251', 'koi8-r', 'ibm866', 'iso-8859-5'],
    'Однажды, в студеную зимнюю пору я из лесу вышел; был сильный мороз.',
  ],
  ['German', ['windows-1252', 'cp850', 'cp437', 'macintosh'], 'Größe und Übermut tun selten gut, sagte der Bär.'],
  ['French', ['windows-1252', 'macintosh'], 'L’été dernier, j’ai déjà mangé à la crêperie près de l’église.'],
  ['Polish', ['windows-1250', 'iso-8859-2', 'cp852'], 'Zażółć gęślą jaźń, proszę państwa, to jest test.'],
  ['Czech', ['windows-1250', 'cp852'], 'Příliš žluťoučký kůň úpěl ďábelské ódy.'],
  ['Turkish', ['windows-1254'], 'Günaydın, nasılsınız? Bugün hava çok güzel, değil mi?'],
  ['Greek', ['windows-1253'], 'Καλημέρα κόσμε, τι κάνεις σήμερα;'],
  ['Hebrew', ['windows-1255'], 'שלום עולם, מה שלומך היום?'],
  ['Arabic', ['windows-1256'], 'مرحبا بالعالم، كيف حالك اليوم؟'],
  ['Thai', ['windows-874'], 'สวัสดีชาวโลก วันนี้อากาศดี'],
  ['Japanese', ['shift_jis', 'euc-jp'], '吾輩は猫である。名前はまだ無い。'],
  ['Chinese', ['gb18030', 'big5'], '我在中国上大学，看到了很多人。'],
  ['Korean', ['euc-kr'], '안녕하세요 세계, 오늘은 날씨가 좋습니다.'],
  ['English', ['windows-1252', 'macintosh'], 'It’s a “smart” quote – really… © 2020'],
];

describe('decodeText', () => {
  it.each(TEXTS.flatMap(([language, charsets, text]) => charsets.map((charset) => ({ language, charset, text }))))(
    'reads $language in $charset',
    ({ charset, text }) => {
      const readable = charset === 'big5' ? '我在中國上大學，看到了很多人。' : text;
      expect(decodeText(encode(readable, charset))).toBe(readable);
    },
  );

  it.each(TEXTS)('reads %s in every form of Unicode', (_language, _charsets, text) => {
    const littleEndian = Buffer.from(`${text}\nabc`, 'utf16le');
    const bigEndian = Buffer.from(littleEndian).swap16();
    for (const bytes of [Buffer.from(`${text}\nabc`), littleEndian, bigEndian])
      expect(decodeText(bytes)).toBe(`${text}\nabc`);
    expect(decodeText(Buffer.concat([Buffer.from([0xff, 0xfe]), littleEndian]))).toBe(`${text}\nabc`);
    expect(decodeText(Buffer.concat([Buffer.from([0xfe, 0xff]), bigEndian]))).toBe(`${text}\nabc`);
  });

  it('believes what is declared where the bytes allow it', () => {
    expect(decodeText(Uint8Array.of(0xd0, 0xcf), 'koi8-r')).toBe('по');
    expect(decodeText(Buffer.from('größe'), 'windows-1252')).toBe('größe');
    expect(detectCharset(Buffer.from('plain'), 'no-such-charset')).toBe('utf-8');
  });

  it('stays with UTF-8 when one character is broken or cut off', () => {
    const text = 'Größe, naïve, Ünïcödé, übermütig. '.repeat(40);
    const broken = Buffer.concat([Buffer.from(text), Uint8Array.of(0xc3)]);
    expect(detectCharset(broken)).toBe('utf-8');
  });
});
