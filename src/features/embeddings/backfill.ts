import { ModelError } from '../../ai/chat-model.ts';
import type { Embedder } from '../../ai/embedder.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { ApiError } from '../../platform/http/errors.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import { inTenant, type Tenant } from '../tenancy/index.ts';
import { type Meter, nobody } from '../usage/index.ts';
import type { EmbeddedArea, MissingText } from './embedded-area.ts';
import { backfillFaults } from './embeddings.errors.ts';
import * as store from './embeddings.store.ts';

export type BackfillDependencies = {
  database: Database;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  meter: Meter;
  isServing(tenant: Tenant, area: EmbeddedArea, embedder: Embedder): boolean;
};

/** Texts of one request to the embedder, and of one transaction. */
const BATCH = 64;

/**
 * Embeds what has no vector of this embedder. The texts themselves say what is missing, so that a process that dies loses
 * the batch it was at and nothing else. True: nothing is missing any more; false: the embedder did not answer.
 */
export async function backfill(
  deps: BackfillDependencies,
  tenant: Tenant,
  area: EmbeddedArea,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<boolean> {
  const metered = deps.meter.embedder(embedder, { tenant, ...nobody, purpose: area.purpose });
  const note = (error: { code: string; detail: string } | null, completed: boolean) =>
    store.noteBackfill(
      deps.database.db,
      { tenantId: tenant.id, area: area.name, embedder: embedder.id },
      { error, completed, at: deps.clock.now() },
    );
  let dimensions = 0;
  for (let after = -1; ; ) {
    signal.throwIfAborted();
    const page = { after, limit: BATCH };
    const texts = await inTenant(deps.database, tenant, (trx) => area.findMissing(trx, embedder.id, page));
    const last = texts.at(-1);
    if (!last) break;
    const outcome = await embedTexts(deps, { tenant, area, embedder, metered }, texts, signal);
    if ('error' in outcome) {
      await note(outcome.error, false);
      return false;
    }
    dimensions = Math.max(dimensions, outcome.dimensions);
    await note(null, false);
    after = last.place;
  }
  if (dimensions > 0) await area.prepare?.(tenant, embedder.id, dimensions);
  await note(null, true);
  return true;
}

type Work = { tenant: Tenant; area: EmbeddedArea; embedder: Embedder; metered: Embedder };
type Outcome = { dimensions: number } | { error: { code: string; detail: string } };

async function embedTexts(
  deps: BackfillDependencies,
  work: Work,
  texts: readonly MissingText[],
  signal: AbortSignal,
): Promise<Outcome> {
  const { tenant, area, embedder, metered } = work;
  const different = [...new Map(texts.map((text) => [text.contentHash.toString('hex'), text])).values()];
  try {
    const made = await metered.embed(
      different.map(({ text }) => text),
      signal,
    );
    const vectors = different.map(({ contentHash }, index) => ({ contentHash, vector: vectorAt(made, index) }));
    const serving = deps.isServing(tenant, area, embedder);
    await inTenant(deps.database, tenant, (trx) => area.save(trx, embedder.id, vectors, serving));
    deps.metrics.embeddingsBackfilled.inc({ area: area.name }, vectors.length);
    return { dimensions: vectors[0]?.vector.length ?? 0 };
  } catch (error) {
    signal.throwIfAborted();
    const refused = error instanceof ModelError && error.kind === 'bad-request';
    if (refused && different.length > 1) return oneByOne(deps, work, different, signal);
    if (!refused) {
      deps.log.warn({ err: error, tenant: tenant.slug, area: area.name }, 'texts could not be embedded');
      return { error: passing(error) };
    }
    const hashes = different.map(({ contentHash }) => contentHash);
    await inTenant(deps.database, tenant, (trx) => store.noteRefusals(trx, area.name, embedder.id, hashes));
    return { dimensions: 0 };
  }
}

async function oneByOne(
  deps: BackfillDependencies,
  work: Work,
  texts: readonly MissingText[],
  signal: AbortSignal,
): Promise<Outcome> {
  let dimensions = 0;
  for (const text of texts) {
    const outcome = await embedTexts(deps, work, [text], signal);
    if ('error' in outcome) return outcome;
    dimensions = Math.max(dimensions, outcome.dimensions);
  }
  return { dimensions };
}

/** A budget that is spent says so in its own words. */
function passing(error: unknown): { code: string; detail: string } {
  return error instanceof ApiError
    ? { code: error.definition.code, detail: error.message }
    : backfillFaults.unavailable;
}

function vectorAt(vectors: readonly (readonly number[])[], index: number): readonly number[] {
  const vector = vectors[index];
  if (!vector || vector.length === 0) throw new Error(`The embedder gave no vector for text ${index}.`);
  return vector;
}
