import { wordsOf } from '../words/words-of.ts';
import { forgetRequestOf } from './forget.ts';

/** Around recalled text wherever it is put before a model: what stands between these is never remembered again. */
export const RECALLED_OPEN = '<memories>';
export const RECALLED_CLOSE = '</memories>';

const RECALLED_BLOCK = /<memories>[\s\S]*?(?:<\/memories>|$)/gi;

export type Noise = 'greeting' | 'boilerplate' | 'recalled' | 'empty';

/** What people say to each other without telling anything, word by word. */
const SMALL_TALK = new Set(
  `hi hello hey hiya howdy greetings good morning afternoon evening night day welcome bye goodbye ciao cheers see you later
  thanks thank thx ty please ok okay okey k kk yes yeah yep yup no nope sure great cool nice fine perfect awesome wow
  excellent wonderful lol haha hmm hm um uh oh ah right alright got it a lot so much very well done that s is i m re you
  all there everyone how are doing going up what sounds understood np problem worries sorry
  hallo guten tag morgen abend moin servus danke bitte ja nein gut super prima tschüss
  bonjour salut merci oui non au revoir hola gracias si buenos dias tardes noches adios ciao grazie prego buongiorno`
    .split(/\s+/)
    .filter(Boolean),
);

/** More words than this tell something, whatever they are. */
const LONGEST_SMALL_TALK = 8;

const BOILERPLATE: readonly RegExp[] = [
  /^i have forgotten (?:that|what you said)\b/i,
  /^i (?:found nothing about that in my memory|do not forget everything)\b/i,
  /^(?:i['’]?m sorry,? (?:but )?)?as an ai(?: language)? model\b[^.!?]*[.!?]?$/i,
  /^i found nothing about that in your (?:documents|memories)\.?$/i,
  /^hello! i answer questions from the documents that were added here:[\s\S]*$/i,
  /^(?:is there|do you have) (?:anything|something) else (?:i can|that i can|you['’]d like)[^.!?]*[.!?]$/i,
  /^(?:you['’]re|you are) (?:very )?welcome[^.?]{0,80}[.!]?(?: (?:let me know|feel free|is there)[^.?!]*[.!?])?$/i,
  /^(?:how|what) can i (?:help|assist)[^.!?]*\??$/i,
];

/** How the extractive model begins what it says out of memory. */
const FROM_MEMORY = /^\s*from what i remember\b/i;

export type Admission = {
  /** What is left to remember, without recalled blocks. */
  content: string;
  /** Why it is not worth remembering; null when it is. */
  noise: Noise | null;
};

/**
 * Judges what may be remembered: blocks and sentences that came out of memory are taken out, and what is a greeting, a
 * formula or nothing after that is noise. `recalled` are the texts that were put before the model for this answer.
 */
export function admit(text: string, recalled: readonly string[] = []): Admission {
  const unmarked = text.replace(RECALLED_BLOCK, ' ');
  const own = recalled.length === 0 ? unmarked : withoutRecalled(unmarked, recalled);
  if (FROM_MEMORY.test(own)) return { content: own, noise: 'recalled' };
  const content = own === text ? text : own.trim();
  if (content.trim() === '') return { content: '', noise: text.trim() === '' ? 'empty' : 'recalled' };
  return { content, noise: noiseOf(content) };
}

function noiseOf(content: string): Noise | null {
  const trimmed = content.trim();
  // To remember what was to be forgotten would be worse than junk.
  if (forgetRequestOf(trimmed)) return 'boilerplate';
  if (BOILERPLATE.some((pattern) => pattern.test(trimmed))) return 'boilerplate';
  const words = wordsOf(trimmed);
  if (words.length === 0) return 'empty';
  if (words.length <= LONGEST_SMALL_TALK && words.every((word) => SMALL_TALK.has(word))) return 'greeting';
  return null;
}

const SENTENCE = /[^\n.!?。！？]+(?:[.!?。！？]+|\n|$)/gu;
/** Shorter sentences are said again by chance. */
const SHORTEST_ECHO_WORDS = 3;

/** Leaves out the sentences that say, word by word, what was recalled. */
function withoutRecalled(text: string, recalled: readonly string[]): string {
  const known = recalled.map((item) => ` ${wordsOf(item).join(' ')} `);
  const isEcho = (sentence: string) => {
    const words = wordsOf(sentence);
    return words.length >= SHORTEST_ECHO_WORDS && known.some((item) => item.includes(` ${words.join(' ')} `));
  };
  const sentences = text.match(SENTENCE) ?? [];
  if (!sentences.some(isEcho)) return text;
  return sentences
    .filter((sentence) => !isEcho(sentence))
    .join('')
    .replace(/^[\s"“”'>*\-–—[\]\d]+$/u, '');
}

const ASKS_TO_REMEMBER =
  /^\s*(?:please |hey,? |ok(?:ay)?,? |and )?(?:can you |could you )?(?:please )?(?:remember|don['’]?t forget|do not forget|note|keep in mind|merke? dir|souviens-toi|recuerda)\b(?! (?:when|how|the time|what|me\b))/iu;

/** 1 where a message asks to be remembered ("Remember that …"), 0 otherwise. */
export function explicitness(content: string): 0 | 1 {
  return ASKS_TO_REMEMBER.test(content) ? 1 : 0;
}
