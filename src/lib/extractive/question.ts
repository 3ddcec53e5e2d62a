import { isStopWord } from './stop-words.ts';
import { fold, likeness, type Term, termsOf } from './terms.ts';

/** What kind of words the answer should hold. */
export type AnswerKind = 'person' | 'time' | 'share' | 'number' | 'place' | 'any';

export type Question = {
  /** Each stem once, in order; without stop words unless there is nothing else. */
  stems: readonly string[];
  kind: AnswerKind;
  /** Those of the stems that are written like names or are numbers. */
  names: ReadonlySet<string>;
};

/** Tried in order on the folded question, so that accents need no spelling. */
const KINDS: readonly (readonly [pattern: RegExp, kind: AnswerKind])[] = [
  [
    /\b(?:percent|percentage|proportion|what share|wie ?viel prozent|anteil|pourcentage|porcentaje|percentuale)\b/,
    'share',
  ],
  [
    /\b(?:when|(?:what|which) (?:year|date|day|month|time|century|decade|era)|how long ago)\b|\b(?:wann|quand|cuando|quando|wanneer)\b/,
    'time',
  ],
  [
    /\bhow (?:many|much|long|old|far|tall|large|big|high|often|fast|deep|wide)\b|\b(?:number|amount|score|price|cost|population|size) of\b|\b(?:wie ?viele?|combien|cuant[oa]s?|quant[oaie]s?|hoeveel)\b/,
    'number',
  ],
  [
    /\b(?:who|whom|whose)\b|\b(?:what|which) (?:person|people|player|man|woman|author|president|king|queen|actor|scientist|artist|writer)\b|\b(?:wer|wen|wem|wessen|qui|quien|quienes|quem|chi|wie is)\b/,
    'person',
  ],
  [
    /\bwhere\b|\b(?:what|which) (?:city|country|place|town|state|region|river|continent|location)\b|\b(?:wo|woher|wohin|ou|donde|onde|dove|waar)\b/,
    'place',
  ],
];

/** A capital or a digit; for the first word, whose capital is grammar, one further in. */
const NAME = /^[\p{Lu}\p{N}]|\p{Ll}\p{Lu}/u;

/** A question with fewer telling words than this leans on the one before it. */
const ENOUGH = 2;

/** `before` is what was asked before: "And when was that?" is about the same. */
export function readQuestion(text: string, before: string | null = null): Question {
  const terms = tellingTerms(text);
  const earlier = before !== null && terms.length < ENOUGH ? tellingTerms(before) : [];
  const isName = ({ word, start }: Telling) => NAME.test(start > 0 ? word : word.slice(1));
  const all = [...terms, ...earlier];
  const folded = fold(text);
  return {
    stems: [...new Set((all.length > 0 ? all : termsOf(text)).map(({ stem }) => stem))],
    names: new Set(all.filter(isName).map(({ stem }) => stem)),
    kind: KINDS.find(([pattern]) => pattern.test(folded))?.[1] ?? 'any',
  };
}

type Telling = Term & { word: string };

function tellingTerms(text: string): Telling[] {
  const terms = termsOf(text).map((term) => ({ ...term, word: text.slice(term.start, term.end) }));
  return terms.filter(({ word }) => !isStopWord(word));
}

const SHARE_WORDS =
  /%|\b(?:percent|per cent|prozent|half|third|quarter|quarters|fifth|majority|pour cent|por ciento)\b/i;
const NUMBER_WORDS =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|twice|once|third|quarter|ein|zwei|drei|vier|fünf|deux|trois|quatre|cinq|dos|tres|cuatro|cinco)\b/i;
const TIME_WORDS =
  /\b(?:1\d{3}|20\d{2}|\d{1,2}:\d{2}|\d{4}s|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decade|year|years|spring|summer|autumn|winter|today|yesterday|januar|februar|märz|juni|juli|oktober|dezember|jahrhundert)\b/i;
const PLACE_WORDS = /\b(?:in|at|near|from|north|south|east|west|city|river|town|country|located|situated|border)\b/i;

/** How well `sentence` could hold an answer of that kind, from 0 to 1. Words of the question itself answer nothing. */
export function answerKindFit(kind: AnswerKind, sentence: string, terms: readonly Term[], question: Question): number {
  const isNew = ({ stem }: Term) => !question.stems.some((known) => likeness(known, stem) > 0);
  switch (kind) {
    case 'share':
      return SHARE_WORDS.test(sentence) ? 1 : 0;
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
