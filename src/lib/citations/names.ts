import { isStopWord } from '../extractive/stop-words.ts';
import { monthOf } from './numbers.ts';

/** A word that begins with a capital, holds one inside, or mixes letters and digits. */
const CAPITAL = /^\p{Lu}/u;
const SHAPED = /^\p{L}*(?:\p{Ll}\p{Lu}|\p{Lu}{2}|\p{L}[-–]?\d)/u;
/** After these, a capital is grammar. */
const OPENING = /(?:^|[.!?…:“”„"«»(*_#>|-])$/u;
const WORD = /\p{L}[\p{L}\p{M}\p{N}]*(?:[-–]\p{N}[\p{L}\p{N}]*)?/gu;

/** Words that a claim presents as names: capitals that are not grammar, and shapes such as "NASA", "iPhone" and "GPT-4".
 * Where every noun has a capital (German), only shapes and capitals in a row are names. */
export function namesOf(claim: string): string[] {
  const words = [...claim.matchAll(WORD)].map((match) => ({ word: match[0], start: match.index }));
  const capitalNouns = hasCapitalNouns(claim);
  return words.flatMap(({ word, start }, index) => {
    if (isStopWord(word) || word.length < 2 || monthOf(word) !== null) return [];
    if (SHAPED.test(word)) return [word];
    if (!CAPITAL.test(word)) return [];
    const neighbours = [words[index - 1], words[index + 1]].filter(
      (one) => one && adjoins(claim, one, { word, start }),
    );
    const inRow = neighbours.some((one) => one && CAPITAL.test(one.word) && !isStopWord(one.word));
    const isGrammar = capitalNouns || opensSentence(claim, start);
    return isGrammar && !inRow ? [] : [word];
  });
}

function opensSentence(claim: string, start: number): boolean {
  return OPENING.test(claim.slice(0, start).trimEnd().slice(-1));
}

type Word = { word: string; start: number };

function adjoins(claim: string, one: Word, other: Word): boolean {
  const [left, right] = one.start < other.start ? [one, other] : [other, one];
  return claim.slice(left.start + left.word.length, right.start) === ' ';
}

const GERMAN =
  /\b(?:der|die|das|und|ist|ein|eine|einen|nicht|mit|von|den|dem|des|im|am|zum|zur|wird|wurde|sind|hat)\b/g;
const ENGLISH = /\b(?:the|of|and|is|was|are|were)\b/;

/** German, by its small words. */
function hasCapitalNouns(claim: string): boolean {
  return new Set(claim.match(GERMAN)).size >= 2 && !ENGLISH.test(claim);
}

/** What a claim quotes, in any quotation marks, without them. */
export function quotationsOf(claim: string): string[] {
  return [...claim.matchAll(/"([^"\n]{2,400})"|[“„]([^”“\n]{2,400})[”“]|«([^»\n]{2,400})»/g)].map(
    ([, straight, curly, guillemets]) => straight ?? curly ?? guillemets ?? '',
  );
}
