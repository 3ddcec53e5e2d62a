import type { TenantTransaction } from '../../platform/database/database.ts';
import type { EmbeddedAreaName } from '../../platform/database/schema/embedding-tables.ts';
import type { Tenant } from '../tenancy/index.ts';

export type { EmbeddedAreaName };

/** A text of a tenant that an embedder has no vector of. Texts come in the order of their places, which never repeat. */
export type MissingText = { place: number; contentHash: Buffer; text: string };

export type IndexCounts = { total: number; embedded: number };

export type EmbeddedVector = { contentHash: Buffer; vector: readonly number[] };

/** What has texts with vectors, as the feature that owns them knows it. A text is known by its hash, and embedded once. */
export type EmbeddedArea = {
  readonly name: EmbeddedAreaName;
  readonly purpose: 'document' | 'memory';
  /** Texts behind `after` without a vector of this embedder that it has not refused. */
  findMissing(
    trx: TenantTransaction,
    embedder: string,
    page: { after: number; limit: number },
  ): Promise<readonly MissingText[]>;
  /** Stores vectors. `serving`: whether searches use this embedder, so that the texts' own state is theirs. */
  save(trx: TenantTransaction, embedder: string, vectors: readonly EmbeddedVector[], serving: boolean): Promise<void>;
  /** Different texts that searches can find, and how many of them have a vector of this embedder. */
  count(trx: TenantTransaction, embedder: string): Promise<IndexCounts>;
  /** Builds what makes searches among many vectors quick, before they are used. */
  prepare?(tenant: Tenant, embedder: string, dimensions: number): Promise<void>;
};
