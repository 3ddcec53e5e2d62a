import { createHash } from 'node:crypto';
import { admit, explicitness } from '../../../lib/memory/admission.ts';
import { importanceOf } from '../../../lib/memory/scores.ts';
import { detectLanguage } from '../../../lib/words/detect-language.ts';
import type { Stem } from '../../../lib/words/query-words.ts';
import { wordsOf } from '../../../lib/words/words-of.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { type IndexEntry, TextIndexer } from '../../../platform/text/text-indexer.ts';
import type { MemoryRole, NewMemory } from './memory.store.ts';
import { storableText } from './metadata.ts';

/** What is to be remembered, before it is indexed. */
export type Said = {
  spaceId: number;
  createdBy: string;
  sessionId: string | null;
  messageId: string | null;
  conversationId: string | null;
  role: MemoryRole;
  content: string;
  metadata: Record<string, unknown>;
  importanceOverride: number | null;
  /** When it was said, where that is known; it is then a part of what makes the memory itself. */
  saidAt: Date | null;
  /** Taken for the time where none is known. */
  defaultTime: Date;
  /** Texts out of memory that a model was given before it said this. */
  recalled?: readonly string[];
  /** What `textOf` says of the content, where it has been asked already. */
  text?: Text;
};

/** A text as it is admitted, with the words that it is found by. */
export type Text = { content: string; noise: string | null; language: string; words: readonly string[] };

export function textOf(said: string, recalled?: readonly string[]): Text {
  const { content, noise } = admit(storableText(said), recalled);
  return { content, noise, language: detectLanguage(content), words: wordsOf(content) };
}

/** Stemmers by language, with the stems that this process knows: a short message then costs no question to the database. */
const indexers = new Map<string, TextIndexer>();

/** The rows of what was said. What stood in it out of memory is left out; `noise` says what had better been left out. */
export async function prepareMemories(trx: TenantTransaction, said: readonly Said[], now: Date): Promise<NewMemory[]> {
  const texts = said.map(({ text, content, recalled }) => text ?? textOf(content, recalled));
  const byLanguage = Map.groupBy(texts.keys(), (place) => texts[place]?.language ?? '');
  const memories: NewMemory[] = [];
  for (const [language, places] of byLanguage) {
    const words = places.map((place) => texts[place]?.words ?? []);
    const entries = await indexerOf(language).index(trx, words);
    for (const [at, place] of places.entries()) {
      const [one, text, entry] = [said[place], texts[place], entries[at]];
      if (one && text && entry) memories[place] = memoryOf(one, text, entry, now);
    }
  }
  return memories;
}

/** The row of one, without a question to the database; null where its words are not known here. */
export function prepareKnown(said: Said, now: Date): NewMemory | null {
  const text = said.text ?? textOf(said.content, said.recalled);
  const entry = indexerOf(text.language).indexKnown(text.words);
  return entry && memoryOf(said, text, entry, now);
}

/** Words of these texts that this process has yet to ask about, by language. */
export function unknownWords(texts: readonly Text[]): { language: string; words: string[] }[] {
  return [...Map.groupBy(texts, ({ language }) => language)].flatMap(([language, some]) => {
    const words = indexerOf(language).unknown(some.flatMap((text) => text.words));
    return words.length === 0 ? [] : [{ language, words }];
  });
}

export function learnStems(language: string, stems: readonly Stem[]): void {
  indexerOf(language).learn(stems);
}

function indexerOf(language: string): TextIndexer {
  const known = indexers.get(language) ?? new TextIndexer(language);
  indexers.set(language, known);
  return known;
}

function memoryOf(one: Said, { content, noise, language }: Text, entry: IndexEntry, now: Date): NewMemory {
  const createdAt = one.saidAt ?? one.defaultTime;
  return {
    id: newId(),
    spaceId: one.spaceId,
    createdBy: one.createdBy,
    sessionId: one.sessionId,
    messageId: one.messageId,
    conversationId: one.conversationId,
    role: one.role,
    content,
    contentHash: hashOf(content),
    identityHash: one.messageId === null ? identityOf(one) : null,
    metadata: one.metadata,
    importance: importanceFor({ ...one, content, createdAt }, now),
    importanceOverride: one.importanceOverride,
    noise,
    language,
    wordCount: entry.wordCount,
    frequencies: entry.frequencies,
    createdAt,
    // A clock that is ahead must not put it beyond what is said, or corrected, in the meantime.
    validFrom: createdAt > now ? now : createdAt,
    version: 1,
  };
}

/** An override stands as it is. */
export function importanceFor(
  one: { role: string; content: string; createdAt: Date; importanceOverride: number | null },
  now: Date,
): number {
  if (one.importanceOverride !== null) return one.importanceOverride;
  const ageMs = now.getTime() - one.createdAt.getTime();
  return importanceOf({ role: one.role, ageMs, explicit: one.role === 'user' ? explicitness(one.content) : 0 });
}

export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The same words of the same speaker in the same conversation are one memory; said again at another time, two. */
function identityOf({ spaceId, sessionId, conversationId, role, content, saidAt }: Said): Buffer {
  return hashOf(JSON.stringify([spaceId, sessionId ?? conversationId, role, content, saidAt?.toISOString() ?? null]));
}
