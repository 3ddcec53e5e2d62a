import type { Chunk } from '../../../lib/chunking/chunk-document.ts';
import { detectLanguage } from '../../../lib/words/detect-language.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { TextIndexer } from '../../../platform/text/text-indexer.ts';
import { cutDocument } from '../cutting/cut-document.ts';
import type { ExtractedDocument } from '../extraction/extracted-document.ts';
import { deleteText, insertStretches, type Stretch, stretchesOf } from '../original.store.ts';
import { deleteChunks, insertChunks, type NewChunk } from './chunk.store.ts';
import { hashText, indexedWords, textInContext } from './index-text.ts';
import { advance, type ClaimedDocument, widenChunkRange } from './ingestion.store.ts';
import type { InTenant } from './ingestion.types.ts';

/** Chunks, and stretches of text, that one transaction writes: some 8,000 postings, about 0.1 s. */
const CHUNKS_PER_BATCH = 64;
const STRETCHES_PER_BATCH = 32;
/** Chunks that one transaction removes. */
export const CHUNKS_PER_DELETION = 200;

/** What a document is made of, before anything of it is written. */
export type PreparedDocument = {
  title: string;
  language: string;
  pageCount: number | null;
  textLength: number;
  warnings: readonly string[];
  stretches: readonly Stretch[];
  chunks: readonly Chunk[];
};

export async function prepareDocument(
  claimed: ClaimedDocument,
  extracted: ExtractedDocument,
  signal: AbortSignal,
): Promise<PreparedDocument> {
  const { text, pageCount, warnings } = extracted;
  return {
    title: titleOf(claimed, extracted),
    language: detectLanguage(text),
    pageCount,
    textLength: text.length,
    warnings,
    stretches: stretchesOf(text),
    chunks: await cutDocument(extracted, signal),
  };
}

const LONGEST_TITLE = 300;

/** The title that the uploader gave; where that is but the file's name, what the document calls itself. */
function titleOf({ title, filename }: ClaimedDocument, extracted: ExtractedDocument): string {
  const own = extracted.title?.replace(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE);
  return title === filename && own ? own.toWellFormed() : title;
}

export type StoringOptions = {
  signal: AbortSignal;
  /** Progress at the beginning and at the end. */
  from: number;
  to: number;
  /** Done in the last transaction. */
  last?: (trx: TenantTransaction) => Promise<void>;
};

/** Writes a document's text, chunks and index: a small one in one transaction, a large one in many short ones.
 * @throws Superseded */
export async function storeDocument(
  inTenant: InTenant,
  claimed: ClaimedDocument,
  document: PreparedDocument,
  options: StoringOptions,
): Promise<void> {
  const steps = [...stepsOf(claimed, document, options), ...(options.last ? [{ size: 0, run: options.last }] : [])];
  // The first try finds nothing to remove.
  if (claimed.attempt > 1) await removeStored(inTenant, claimed);
  for (const batch of packed(steps)) {
    options.signal.throwIfAborted();
    await inTenant(async (trx) => {
      for (const step of batch) await step.run(trx);
    });
  }
}

/** A part of the work; of size 1 it fills a transaction. */
type Step = { size: number; run(trx: TenantTransaction): Promise<void> };

function* stepsOf(claimed: ClaimedDocument, document: PreparedDocument, options: StoringOptions): Generator<Step> {
  const { stretches, chunks, title, language, pageCount, textLength, warnings } = document;
  const { from, to } = options;
  const about = { language, title, pageCount, textLength, warnings };
  yield { size: 0, run: (trx) => advance(trx, claimed, { progress: from, ...about }) };
  for (const batch of batchesOf(stretches, STRETCHES_PER_BATCH)) {
    const run = async (trx: TenantTransaction) => {
      await advance(trx, claimed, { progress: from });
      await insertStretches(trx, claimed.id, batch);
    };
    yield { size: batch.length / STRETCHES_PER_BATCH, run };
  }
  const indexer = new TextIndexer(language);
  for (const batch of batchesOf(chunks, CHUNKS_PER_BATCH)) {
    const done = ((batch.at(-1)?.index ?? 0) + 1) / chunks.length;
    const run = async (trx: TenantTransaction) => {
      await advance(trx, claimed, { progress: Math.min(0.99, from + (to - from) * done) });
      await storeChunks(trx, claimed.id, { title, language, indexer }, batch);
    };
    yield { size: batch.length / CHUNKS_PER_BATCH, run };
  }
}

async function storeChunks(
  trx: TenantTransaction,
  documentId: string,
  { title, language, indexer }: { title: string; language: string; indexer: TextIndexer },
  chunks: readonly Chunk[],
): Promise<void> {
  const texts = chunks.map((chunk) => textInContext({ title, ...chunk }));
  const entries = await indexer.index(
    trx,
    texts.map((text) => indexedWords(title, text)),
  );
  const fresh = chunks.flatMap((chunk, index): NewChunk[] => {
    const [entry, text] = [entries[index], texts[index]];
    if (!entry || text === undefined) return [];
    return [{ ...chunk, id: newId(), documentId, contentHash: hashText(text), entry }];
  });
  await widenChunkRange(trx, documentId, await insertChunks(trx, fresh, language));
}

/** Removes what a try has stored, in short transactions. @throws Superseded */
export async function removeStored(inTenant: InTenant, claimed: ClaimedDocument): Promise<void> {
  for (let left = 1; left > 0; ) {
    left = await inTenant(async (trx) => {
      await advance(trx, claimed, { progress: 0 });
      await deleteText(trx, claimed.id);
      return deleteChunks(trx, claimed.id, CHUNKS_PER_DELETION);
    });
  }
}

/** Neighbouring steps that fit into one transaction together. */
function* packed(steps: Iterable<Step>): Generator<readonly Step[]> {
  let batch: Step[] = [];
  let size = 0;
  for (const step of steps) {
    if (batch.length > 0 && size + step.size > 1) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(step);
    size += step.size;
  }
  if (batch.length > 0) yield batch;
}

function* batchesOf<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
