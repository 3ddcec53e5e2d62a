import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { actBy, inTenant, recordAct, takeFromQuota } from '../tenancy/index.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { repositoryErrors } from './code.errors.ts';
import { isArchive } from './fetch/archive/list-archive.ts';
import * as store from './repository.store.ts';

export type ArchiveUpload = {
  filename: string;
  bytes: AsyncIterable<Uint8Array>;
  /** What the sender said of it, known once the file is in. */
  about(): Promise<{ name: string; description: string | null }>;
};

const PART_BYTES = 1024 * 1024;
const MEBIBYTE = 1024 * 1024;
/** No upload takes so long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Stores an archive part by part, a transaction each: however slow its sender is, no transaction waits for it. Nobody sees
 * the repository until it is whole.
 * @throws ApiError ERR_REPO_003, ERR_REPO_004, ERR_TENANT_009; what the stream throws
 */
export async function receiveArchive(
  deps: CodeDependencies,
  principal: Principal,
  { filename, bytes, about }: ArchiveUpload,
): Promise<store.RepositoryRow> {
  const { database, quotaOf, clock } = deps;
  const { tenant, userId } = principal;
  const quota = await quotaOf(tenant, 'repositories');
  const id = newId();
  await inTenant(database, tenant, async (trx) => {
    await store.deleteAbandoned(trx, new Date(clock.now().getTime() - ABANDONED_MS));
    await takeFromQuota(trx, quota, 1, () => store.countRepositories(trx));
    const shown = { name: filename, description: null, kind: 'archive', location: filename, branch: null } as const;
    await store.insertRepository(trx, { id, ...shown, status: 'receiving', has_token: false, created_by: userId });
  });
  try {
    const size_bytes = await storeParts(deps, principal, id, bytes);
    const said = await about();
    return await inTenant(database, tenant, async (trx) => {
      const row = await store.finishReceiving(trx, id, { ...said, size_bytes });
      const details = { kind: row.kind };
      await recordAct(trx, actBy(principal, { act: 'repository.create', target: { kind: 'repository', id }, details }));
      return row;
    });
  } catch (error) {
    await inTenant(database, tenant, (trx) => store.deleteRepositories(trx, [id])).catch((cause: unknown) =>
      deps.log.warn({ err: cause }, 'an archive that was cut off will be removed later'),
    );
    throw error;
  }
}

async function storeParts(
  { database, uploadLimit }: CodeDependencies,
  { tenant }: Principal,
  id: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number> {
  let size = 0;
  let part = 0;
  for await (const block of partsOf(bytes)) {
    if (part === 0 && !isArchive(block)) throw repositoryErrors.noArchive();
    size += block.length;
    if (size > uploadLimit) {
      throw repositoryErrors.archiveTooLarge(`An archive may have at most ${Math.floor(uploadLimit / MEBIBYTE)} MiB.`);
    }
    const index = part++;
    await inTenant(database, tenant, (trx) => store.insertPart(trx, id, index, block));
  }
  if (size === 0) throw repositoryErrors.noArchive();
  return size;
}

async function* partsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const block of bytes) {
    pending = Buffer.concat([pending, block]);
    for (; pending.length >= PART_BYTES; pending = pending.subarray(PART_BYTES)) yield pending.subarray(0, PART_BYTES);
  }
  if (pending.length > 0) yield pending;
}
