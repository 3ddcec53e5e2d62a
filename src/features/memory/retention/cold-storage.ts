import { gzipSync } from 'node:zlib';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { Tenant } from '../../tenancy/index.ts';

/**
 * Keeps whole memories outside of the database: one object a batch, JSON lines, compressed. A batch that is kept twice, after
 * a crash between keeping and deleting, is the same object.
 */
export async function keepCold(
  storage: ObjectStorage,
  tenant: Tenant,
  batch: { runId: string; first: number; memories: readonly Record<string, unknown>[] },
): Promise<void> {
  const lines = batch.memories.map((memory) => `${JSON.stringify(memory)}\n`).join('');
  await storage.put(`${tenant.slug}/${batch.runId}/${batch.first}.ndjson.gz`, gzipSync(lines));
}
