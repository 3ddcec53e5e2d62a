import { type Chunk, chunkDocument } from '../../../lib/chunking/chunk-document.ts';
import { detectLanguage } from '../../../lib/words/detect-language.ts';
import { newId } from '../../../platform/id.ts';
import type { ExtractedDocument } from '../extraction/extracted-document.ts';
import { deleteText, insertStretches, stretchesOf } from '../original.store.ts';
import { compactCorpus, deleteChunks, insertChunks, type NewChunk } from './chunk.store.ts';
import { hashText, searchableText, TextIndexer } from './index-text.ts';
import { advance, type ClaimedDocument, widenChunkRange } from './ingestion.store.ts';
import type { InTenant } from './ingestion.types.ts';

/** Chunks, and stretches of text, that one transaction writes: some 8,000 postings, about 0.1 s. */
const CHUNKS_PER_BATCH = 64;
const STRETCHES_PER_BATCH = 32;
/** Chunks that one transaction removes. */
export const CHUNKS_PER_DELETION = 200;

export type StoringOptions = { signal: AbortSignal; from: number; to: number };
export type StoredDocument = { title: string; chunkCount: number };

/** Writes a document's text, chunks and index in short transactions. @throws Superseded */
export async function storeDocument(
  inTenant: InTenant,
  claimed: ClaimedDocument,
  extracted: ExtractedDocument,
  options: StoringOptions,
): Promise<StoredDocument> {
  const title = titleOf(claimed, extracted);
  await clear(inTenant, claimed, options.from);
  const language = detectLanguage(extracted.text);
  await inTenant((trx) =>
    advance(trx, claimed, {
      progress: options.from,
      language,
      title,
      pageCount: extracted.pageCount,
      textLength: extracted.text.length,
      warnings: extracted.warnings,
    }),
  );
  await storeText(inTenant, claimed, extracted.text, options);
  const chunks = chunkDocument(extracted);
  await storeChunks(inTenant, claimed, { chunks, title, language }, options);
  return { title, chunkCount: chunks.length };
}

const LONGEST_TITLE = 300;

/** The title that the uploader gave; where that is but the file's name, what the document calls itself. */
function titleOf({ title, filename }: ClaimedDocument, extracted: ExtractedDocument): string {
  const own = extracted.title?.replace(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE);
  return title === filename && own ? own.toWellFormed() : title;
}

/** Removes what an earlier try had stored. */
async function clear(inTenant: InTenant, claimed: ClaimedDocument, progress: number): Promise<void> {
  for (let left = 1; left > 0; ) {
    left = await inTenant(async (trx) => {
      await advance(trx, claimed, { progress });
      await deleteText(trx, claimed.id);
      return deleteChunks(trx, claimed.id, CHUNKS_PER_DELETION);
    });
  }
}

async function storeText(
  inTenant: InTenant,
  claimed: ClaimedDocument,
  text: string,
  { signal, from }: StoringOptions,
): Promise<void> {
  for (const stretches of batchesOf(stretchesOf(text), STRETCHES_PER_BATCH)) {
    signal.throwIfAborted();
    await inTenant(async (trx) => {
      await advance(trx, claimed, { progress: from });
      await insertStretches(trx, claimed.id, stretches);
    });
  }
}

async function storeChunks(
  inTenant: InTenant,
  claimed: ClaimedDocument,
  document: { chunks: readonly Chunk[]; title: string; language: string },
  { signal, from, to }: StoringOptions,
): Promise<void> {
  const { chunks, title, language } = document;
  const indexer = new TextIndexer(language);
  for (const batch of batchesOf(chunks, CHUNKS_PER_BATCH)) {
    signal.throwIfAborted();
    const done = ((batch.at(-1)?.index ?? 0) + 1) / chunks.length;
    await inTenant(async (trx) => {
      await advance(trx, claimed, { progress: Math.min(0.99, from + (to - from) * done) });
      const texts = batch.map((chunk) => searchableText({ title, ...chunk }));
      const entries = await indexer.index(trx, texts);
      const fresh = batch.flatMap((chunk, index): NewChunk[] => {
        const [entry, text] = [entries[index], texts[index]];
        if (!entry || text === undefined) return [];
        return [{ ...chunk, id: newId(), documentId: claimed.id, contentHash: hashText(text), entry }];
      });
      await widenChunkRange(trx, claimed.id, await insertChunks(trx, fresh, language));
    });
  }
  await inTenant(compactCorpus);
}

function* batchesOf<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
