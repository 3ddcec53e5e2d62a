import { fuse } from '../fusion/weighted-min-max.ts';
import { B, K1 } from '../words/bm25.ts';

/** A word of the question, as it is weighed. */
export type WeighedTerm = { lexeme: string; idf: number };
/** How often a memory has the word `term` of the question. */
export type TermHit = { term: number; frequency: number };

/** One summand of BM25, from figures that an explanation shows. */
export function termScore(idf: number, frequency: number, wordCount: number, averageWords: number): number {
  return (idf * frequency * (K1 + 1)) / (frequency + K1 * (1 - B + (B * wordCount) / averageWords));
}

export type Candidate = {
  number: number;
  role: string;
  /** The turns of its conversation just before and after it. */
  neighbours: readonly number[];
  wordCount: number;
  terms: readonly TermHit[];
  /** Cosine with the question; null where there is no vector. */
  cosine: number | null;
};

/** What a user says about themselves stands in their own messages: 0.480 → 0.551 recall@5 on longmemeval-oracle. */
const OWN_WORDS = 1.25;
/** A turn is about what the turns beside it are about: an answer may hold none of its question's words. 0.551 → 0.556. */
const NEIGHBOUR = 0.2;
/** How much words and meaning count where there are vectors, and the lowest score that each can give. */
const FUSION = { words: { weight: 0.5, floor: 0 }, meaning: { weight: 0.5, floor: -1 } } as const;

/** "What did you recommend": then what the assistant said is looked for. */
const ASKS_ABOUT_ANSWERS =
  /\byou(?:['’]ve| have| had)? (?:\w+ )?(?:said|told|tell|recommend(?:ed)?|suggest(?:ed)?|mention(?:ed)?|gave|give|provid(?:ed|e)|list(?:ed)?|explain(?:ed)?|wrote|answer(?:ed)?)\b|\bremind me\b|\bour (?:last|previous|earlier) (?:chat|conversation|discussion)\b/i;

export function asksAboutAnswers(question: string): boolean {
  return ASKS_ABOUT_ANSWERS.test(question);
}

export type Similarity = {
  /** 0 to 1. */
  similarity: number;
  /** BM25, from the question's words alone. */
  words: number;
  /** What whose words they are makes of it. */
  roleFactor: number;
  /** What the turns beside it add. */
  context: number;
  /** Of words and context, the best of this search. */
  bestLexical: number;
  cosine: number | null;
};

/** How alike each candidate is to a question. All candidates of a search are ranked together: the best has 1. */
export function similarities(
  candidates: readonly Candidate[],
  terms: readonly WeighedTerm[],
  { averageWords, aboutAnswers }: { averageWords: number; aboutAnswers: boolean },
): Map<number, Similarity> {
  const words = new Map(candidates.map((one) => [one.number, wordScore(one, terms, averageWords)]));
  const lexical = new Map<number, { roleFactor: number; context: number; total: number }>();
  for (const { number, role, neighbours } of candidates) {
    const roleFactor = role === 'user' && !aboutAnswers ? OWN_WORDS : 1;
    const context = NEIGHBOUR * Math.max(0, ...neighbours.map((neighbour) => words.get(neighbour) ?? 0));
    lexical.set(number, { roleFactor, context, total: ((words.get(number) ?? 0) + context) * roleFactor });
  }
  const fused = fuseSimilarity(candidates, new Map([...lexical].map(([number, { total }]) => [number, total])));
  const bestLexical = Math.max(0, ...[...lexical.values()].map(({ total }) => total));
  return new Map(
    candidates.map(({ number, cosine }) => {
      const { roleFactor = 1, context = 0 } = lexical.get(number) ?? {};
      const similarity = fused.get(number) ?? 0;
      return [number, { similarity, words: words.get(number) ?? 0, roleFactor, context, bestLexical, cosine }];
    }),
  );
}

function wordScore({ terms: hits, wordCount }: Candidate, terms: readonly WeighedTerm[], averageWords: number): number {
  return hits.reduce((sum, { term, frequency }) => {
    const idf = terms[term]?.idf ?? 0;
    return sum + termScore(idf, frequency, wordCount, averageWords);
  }, 0);
}

function fuseSimilarity(candidates: readonly Candidate[], lexical: ReadonlyMap<number, number>): Map<number, number> {
  const cosines = new Map(candidates.flatMap(({ number, cosine }) => (cosine === null ? [] : [[number, cosine]])));
  const found = new Map([...lexical].filter(([, score]) => score > 0));
  const rankings = [
    { ...FUSION.words, scores: found },
    { ...FUSION.meaning, scores: cosines },
  ];
  return new Map(fuse(rankings).map(({ id, score }) => [id, score]));
}
