import { FUNCTION_WORDS, type Language, UNSTEMMED_FUNCTION_WORDS } from './function-words.ts';

/** Words that are looked at: of a long text the first, the middle and the last third of these. */
const SAMPLE_WORDS = 600;
/** Characters in which they are looked for, at each of the three places: all words of a text of 50 MB took 8 s to find. */
const SAMPLE_CHARACTERS = 16_384;
/** Fewer words than this say nothing. */
const ENOUGH_WORDS = 12;
/** In running text a third to a half of the words are function words; in tables and code hardly any. */
const ENOUGH_SHARE = 0.1;

const WORD = /[\p{L}\p{M}]+/gu;

/** Scripts of one language that Postgres can stem. Arabic letters also write Persian and Urdu: their function words tell. */
const SCRIPTS: readonly (readonly [RegExp, Language])[] = [
  [/\p{Script=Greek}/u, 'greek'],
  [/\p{Script=Armenian}/u, 'armenian'],
  [/\p{Script=Tamil}/u, 'tamil'],
  [/\p{Script=Devanagari}/u, 'hindi'],
];
const FOREIGN = /[\p{L}--[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Arabic}]]/v;

const votersOf = indexByWord();

/**
 * The language of a text by its function words, as the name of a Postgres stemmer. `simple` where none fits: then words
 * are matched as they stand. Text that shows nothing (short, tables, code) is taken for `fallback`.
 */
export function detectLanguage(text: string, fallback: Language = 'english'): Language {
  const words = sample(wordsToSample(text));
  const ofScript = languageOfScript(words);
  if (ofScript !== null) return ofScript;
  if (words.length < ENOUGH_WORDS) return fallback;
  const [winner] = [...countVotes(words)].sort(([, a], [, b]) => b - a);
  if (winner === undefined || winner[1] < ENOUGH_SHARE * words.length) return fallback;
  return winner[0] in FUNCTION_WORDS ? (winner[0] as Language) : 'simple';
}

/** All words of a text, or of its beginning, its middle and its end. */
function wordsToSample(text: string): readonly string[] {
  if (text.length <= 3 * SAMPLE_CHARACTERS) return wordsOf(text);
  const middle = Math.floor((text.length - SAMPLE_CHARACTERS) / 2);
  const places = [0, middle, text.length - SAMPLE_CHARACTERS];
  const [first, between, last] = places.map((start) => wordsOf(text.slice(start, start + SAMPLE_CHARACTERS)));
  const third = SAMPLE_WORDS / 3;
  return [...(first ?? []).slice(0, third), ...(between ?? []).slice(0, third), ...(last ?? []).slice(-third)];
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

function sample(words: readonly string[]): readonly string[] {
  if (words.length <= SAMPLE_WORDS) return words;
  const third = SAMPLE_WORDS / 3;
  const middle = Math.floor((words.length - third) / 2);
  return [...words.slice(0, third), ...words.slice(middle, middle + third), ...words.slice(-third)];
}

/** For text that is mostly in a script which decides by itself; null for Latin, Cyrillic and Arabic letters. */
function languageOfScript(words: readonly string[]): Language | null {
  const foreign = words.filter((word) => FOREIGN.test(word));
  if (foreign.length <= words.length / 2 || foreign.length === 0) return null;
  const found = SCRIPTS.find(([script]) => foreign.filter((word) => script.test(word)).length > foreign.length / 2);
  return found?.[1] ?? 'simple';
}

/** A word that several languages use counts for each of them by its share. */
function countVotes(words: readonly string[]): Map<string, number> {
  const votes = new Map<string, number>();
  for (const word of words) {
    const voters = votersOf.get(word) ?? [];
    for (const language of voters) votes.set(language, (votes.get(language) ?? 0) + 1 / Math.sqrt(voters.length));
  }
  return votes;
}

function indexByWord(): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const [language, list] of Object.entries({ ...FUNCTION_WORDS, ...UNSTEMMED_FUNCTION_WORDS })) {
    for (const word of list.split(' ')) index.set(word, [...(index.get(word) ?? []), language]);
  }
  return index;
}
