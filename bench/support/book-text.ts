/** Text like a book's: words by Zipf's law, sentences, paragraphs and headings; the same for the same seed. */
export function bookText(bytes: number, seed: number): string {
  const random = generator(seed);
  const parts: string[] = [];
  let length = 0;
  for (let paragraph = 0; length < bytes; paragraph += 1) {
    const heading = paragraph % 12 === 0 ? `## ${capital(word(random))} ${word(random)}\n\n` : '';
    const text = `${heading}${Array.from({ length: 4 + Math.floor(random() * 4) }, () => sentence(random)).join(' ')}\n\n`;
    parts.push(text);
    length += text.length;
  }
  return parts.join('').slice(0, bytes);
}

const VOCABULARY = 20_000;
const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'ser',
  'ton',
  've',
  'ra',
  'pin',
  'dol',
  'gar',
  'hel',
  'ni',
  'os',
  'tu',
  'wen',
  'yar',
];

function sentence(random: () => number): string {
  const words = Array.from({ length: 8 + Math.floor(random() * 14) }, () => word(random));
  return `${capital(words.join(' '))}.`;
}

/** Zipf: the n-th word is about 1/n as frequent as the first. */
function word(random: () => number): string {
  let index = Math.floor(VOCABULARY ** random());
  let text = '';
  do {
    text += SYLLABLES[index % SYLLABLES.length];
    index = Math.floor(index / SYLLABLES.length);
  } while (index > 0);
  return text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
