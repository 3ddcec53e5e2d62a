import { isStopWord } from './stop-words.ts';
import { likeness, type Term, termsOf } from './terms.ts';

/** What kind of words the answer should hold. */
export type AnswerKind = 'person' | 'time' | 'number' | 'place' | 'any';

export type Question = {
  /** Each stem once, in order; without stop words unless there is nothing else. */
  stems: readonly string[];
  kind: AnswerKind;
};

const KINDS: readonly (readonly [pattern: RegExp, kind: AnswerKind])[] = [
  [
    /\b(?:who|whom|whose)\b|\bwhich (?:person|player|man|woman|author|president)\b|\b(?:wer|wen|wem|wessen|qui|quién|quem|chi|wie is)\b/i,
    'person',
  ],
  [
    /\b(?:when|what (?:year|date|day|month|time|century|decade)|which (?:year|date|day|month|century|decade)|in what year)\b|\b(?:wann|quand|cuándo|quando|wanneer)\b/i,
    'time',
  ],
  [
    /\bhow (?:many|much|long|old|far|tall|large|big|high|often|fast|deep|wide)\b|\bwhat (?:percent|percentage|number|amount|score|price|cost)\b|\b(?:wie ?viele?|combien|cuánt[oa]s?|quant[oaie]s?|hoeveel)\b/i,
    'number',
  ],
  [
    /\b(?:where|what (?:city|country|place|town|state|region)|which (?:city|country|place|town|state|region))\b|\b(?:wo|woher|wohin|où|dónde|onde|dove|waar)\b/i,
    'place',
  ],
];

export function readQuestion(text: string): Question {
  const all = termsOf(text);
  const telling = all.filter(({ start, end }) => !isStopWord(text.slice(start, end)));
  const stems = [...new Set((telling.length > 0 ? telling : all).map(({ stem }) => stem))];
  return { stems, kind: KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'any' };
}

const NUMBER_WORDS =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|twice|once|third|quarter|ein|zwei|drei|vier|fünf|deux|trois|quatre|cinq|dos|tres|cuatro|cinco)\b/i;
const TIME_WORDS =
  /\b(?:1\d{3}|20\d{2}|\d{1,2}:\d{2}|\d{4}s|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decade|year|years|spring|summer|autumn|winter|today|yesterday|januar|februar|märz|juni|juli|oktober|dezember|jahrhundert)\b/i;
const PLACE_WORDS = /\b(?:in|at|near|from|north|south|east|west|city|river|town|country|located|situated|border)\b/i;

/** How well `sentence` could hold an answer of that kind, from 0 to 1. Words of the question itself answer nothing. */
export function answerKindFit(kind: AnswerKind, sentence: string, terms: readonly Term[], question: Question): number {
  const isNew = ({ stem }: Term) => !question.stems.some((known) => likeness(known, stem) > 0);
  switch (kind) {
    case 'number':
      return terms.some((term) => isNew(term) && /^\p{N}/u.test(term.stem)) || NUMBER_WORDS.test(sentence) ? 1 : 0;
    case 'time':
      return terms.some((term) => isNew(term) && /^\d{3,4}$/.test(term.stem)) || TIME_WORDS.test(sentence) ? 1 : 0;
    case 'person':
      return terms.some((term) => isNew(term) && isName(sentence, term)) ? 1 : 0;
    case 'place':
      return terms.some((term) => isNew(term) && isName(sentence, term)) && PLACE_WORDS.test(sentence) ? 1 : 0;
    case 'any':
      return 0;
  }
}

/** A capital that is not the sentence's first letter. */
function isName(sentence: string, { start, end }: Term): boolean {
  return start > 0 && end - start > 1 && /^\p{Lu}/u.test(sentence.slice(start, end));
}
