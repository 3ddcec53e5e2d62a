import { createHash } from 'node:crypto';
import { admit, explicitness } from '../../../lib/memory/admission.ts';
import { importanceOf } from '../../../lib/memory/scores.ts';
import { detectLanguage } from '../../../lib/words/detect-language.ts';
import { wordsOf } from '../../../lib/words/words-of.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { TextIndexer } from '../../../platform/text/text-indexer.ts';
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
};

/** Stemmers by language, with the stems that this process knows: a short message then costs no question to the database. */
const indexers = new Map<string, TextIndexer>();

/** The rows of what was said. What stood in it out of memory is left out; `noise` says what had better been left out. */
export async function prepareMemories(trx: TenantTransaction, said: readonly Said[], now: Date): Promise<NewMemory[]> {
  const drafts = said.map((one) => draftOf(one, now));
  const byLanguage = Map.groupBy(drafts.keys(), (index) => drafts[index]?.language ?? '');
  const memories: NewMemory[] = [];
  for (const [language, places] of byLanguage) {
    const entries = await indexerOf(language).index(
      trx,
      places.map((place) => wordsOf(drafts[place]?.content ?? '')),
    );
    for (const [at, place] of places.entries()) {
      const [draft, entry] = [drafts[place], entries[at]];
      if (draft && entry) memories[place] = { ...draft, frequencies: entry.frequencies, wordCount: entry.wordCount };
    }
  }
  return memories;
}

function indexerOf(language: string): TextIndexer {
  const known = indexers.get(language) ?? new TextIndexer(language);
  indexers.set(language, known);
  return known;
}

type Draft = Omit<NewMemory, 'frequencies' | 'wordCount'>;

function draftOf(one: Said, now: Date): Draft {
  const { content, noise } = admit(storableText(one.content), one.recalled);
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
    language: detectLanguage(content),
    createdAt,
    validFrom: createdAt,
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
