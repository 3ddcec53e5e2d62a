import type { TenantTransaction } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/http/errors.ts';
import { decodeCursor, type PageQuery, pageOf } from '../../platform/http/pagination.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { actBy, inTenant, recordAct, takeFromQuota } from '../tenancy/index.ts';
import { listLatest } from './analysis.store.ts';
import type { CodeDependencies } from './code.dependencies.ts';
import { repositoryErrors } from './code.errors.ts';
import { assertMayChangeRepository } from './code.policy.ts';
import { type NewRepository, presentRepository, type RepositoryChanges, type RepositoryView } from './code.schema.ts';
import { FetchFault } from './fetch/fetch-fault.ts';
import { allowedFolder } from './fetch/local-folder.ts';
import { type ArchiveUpload, receiveArchive } from './receive-archive.ts';
import * as store from './repository.store.ts';
import { secretName } from './secret-name.ts';

export type RepositoryService = ReturnType<typeof createRepositoryService>;

/** Repositories of the principal's tenant. What is absent, or another tenant's, is ERR_REPO_001. */
export function createRepositoryService(deps: CodeDependencies) {
  const { database, quotaOf, secrets, forgetting, clock } = deps;

  async function insert(principal: Principal, given: PlacedRepository, token: string | undefined) {
    const quota = await quotaOf(principal.tenant, 'repositories');
    return inTenant(database, principal.tenant, async (trx) => {
      await takeFromQuota(trx, quota, 1, () => store.countRepositories(trx));
      const fixed = {
        id: newId(),
        status: 'ready',
        has_token: token !== undefined,
        created_by: principal.userId,
      } as const;
      const row = await store.insertRepository(trx, { ...fixed, ...given });
      if (token !== undefined) await secrets.put(trx, principal.tenant, secretName(row.id), token, principal.userId);
      await recordAct(
        trx,
        actBy(principal, { act: 'repository.create', target: target(row.id), details: detailsOf(row) }),
      );
      return row;
    });
  }

  async function changeToken(trx: TenantTransaction, { tenant, userId }: Principal, id: string, token?: string | null) {
    if (token) await secrets.put(trx, tenant, secretName(id), token, userId);
    else if (token === null) await secrets.remove(trx, tenant, secretName(id));
  }

  return {
    /** @throws ApiError ERR_REQUEST_002, ERR_TENANT_009 */
    async create(principal: Principal, given: NewRepository): Promise<RepositoryView> {
      const placed = given.path === undefined ? placedAtUrl(given) : await placedAtPath(given, deps.localRoots);
      return presentRepository(await insert(principal, placed, given.access_token), undefined);
    },

    /** An archive as it comes in. @throws ApiError ERR_REPO_003, ERR_REPO_004, ERR_TENANT_009 */
    async upload(principal: Principal, upload: ArchiveUpload): Promise<RepositoryView> {
      return presentRepository(await receiveArchive(deps, principal, upload), undefined);
    },

    async list(principal: Principal, { limit = 20, cursor }: PageQuery) {
      const before = pageKey(cursor);
      return inTenant(database, principal.tenant, async (trx) => {
        const rows = await store.listRepositories(trx, { limit: limit + 1, before });
        const latest = await listLatest(
          trx,
          rows.map(({ id }) => id),
        );
        const latestOf = new Map(latest.map((analysis) => [analysis.repository_id, analysis]));
        return pageOf(rows, limit, (row) => presentRepository(row, latestOf.get(row.id)), keyOf);
      });
    },

    async get(principal: Principal, id: string): Promise<RepositoryView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const row = await store.findRepository(trx, id);
        if (!row) throw repositoryErrors.notFound();
        const [latest] = await listLatest(trx, [id]);
        return presentRepository(row, latest);
      });
    },

    /** @throws ApiError ERR_REPO_001, ERR_REPO_002, ERR_REQUEST_002 */
    async change(principal: Principal, id: string, changes: RepositoryChanges): Promise<RepositoryView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const before = await store.findRepository(trx, id);
        if (!before) throw repositoryErrors.notFound();
        assertMayChangeRepository(principal, before);
        if (before.kind !== 'git') assertNotOfGit(changes);
        await changeToken(trx, principal, id, changes.access_token);
        const row = await store.updateRepository(trx, id, columnsOf(changes));
        const details = { ...detailsOf(row), changed: Object.keys(changes) };
        await recordAct(trx, actBy(principal, { act: 'repository.change', target: target(id), details }));
        const [latest] = await listLatest(trx, [id]);
        return presentRepository(row, latest);
      });
    },

    /** With its token, archive, analyses, findings and what was said of them. An analysis under way ends.
     * @throws ApiError ERR_REPO_001, ERR_REPO_002 */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        const row = await store.findRepository(trx, id);
        if (!row) throw repositoryErrors.notFound();
        assertMayChangeRepository(principal, row);
        await store.deleteRepositories(trx, [id]);
        await secrets.remove(trx, principal.tenant, secretName(id));
        await forgetting.entomb(trx, principal.tenant, { kind: 'repository', ids: [id] });
        const act = { act: 'repository.delete', target: target(id), details: detailsOf(row) } as const;
        await recordAct(trx, actBy(principal, act), clock.now());
      });
    },
  };
}

type PlacedRepository = Pick<store.NewRepository, 'kind' | 'location' | 'name' | 'description' | 'branch'>;

function target(id: string) {
  return { kind: 'repository', id };
}

function detailsOf({ kind }: store.RepositoryRow) {
  return { kind };
}

function placedAtUrl({ url, name, description, branch }: NewRepository): PlacedRepository {
  if (url === undefined) throw invalid('url', 'is missing: give url, path, or a file');
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw invalid('url', 'must begin with https:// or http://');
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalid('url', 'must not hold a user or password; send access_token');
  }
  if (parsed.search !== '' || parsed.hash !== '') throw invalid('url', 'must not hold a query or a fragment');
  const location = storedAs('url', parsed.href.replace(/\/+$/, ''));
  // Not by a set of characters: a repository "digit" is called so.
  const last = decoded(parsed.pathname.replace(/\/+$/, '').split('/').at(-1) ?? '').replace(/\.git$/, '');
  return {
    kind: 'git',
    location,
    name: name?.trim() ?? nameFrom(last || parsed.host),
    description: description ?? null,
    branch: branch ?? null,
  };
}

const LONGEST_LOCATION = 2_000;
const LONGEST_NAME = 255;

/** As it is stored: an address with its letters escaped, a path behind its links, both may be longer than what was given. */
function storedAs(field: 'url' | 'path', location: string): string {
  if (location.length <= LONGEST_LOCATION) return location;
  const how = field === 'url' ? 'once its letters are escaped' : 'behind its links';
  throw invalid(field, `must have at most ${LONGEST_LOCATION} characters ${how}; it has ${location.length}`);
}

/** Without the half of a character that a cut may leave. */
function nameFrom(text: string): string {
  return text.slice(0, LONGEST_NAME).replace(/\p{Cs}$/u, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).replace(/\p{C}/gu, '');
  } catch {
    return text;
  }
}

async function placedAtPath(given: NewRepository, roots: readonly string[]): Promise<PlacedRepository> {
  const { path = '', url, branch, access_token, name, description } = given;
  if (url !== undefined) throw invalid('path', 'stands for itself: leave out url');
  if (branch !== undefined || access_token !== undefined) throw onlyForGit(branch ? 'branch' : 'access_token');
  try {
    const location = storedAs('path', await allowedFolder(path, roots));
    return {
      kind: 'local',
      location,
      name: name?.trim() ?? nameFrom(location.split('/').at(-1) || location),
      description: description ?? null,
      branch: null,
    };
  } catch (error) {
    throw error instanceof FetchFault ? invalid('path', `is refused. ${error.message}`) : error;
  }
}

function columnsOf({ name, description, branch, access_token }: RepositoryChanges) {
  return {
    ...(name !== undefined && { name: name.trim() }),
    ...(description !== undefined && { description }),
    ...(branch !== undefined && { branch }),
    ...(access_token !== undefined && { has_token: access_token !== null }),
  };
}

function assertNotOfGit({ access_token, branch }: RepositoryChanges): void {
  if (access_token) throw onlyForGit('access_token');
  if (branch) throw onlyForGit('branch');
}

function onlyForGit(field: string) {
  return invalid(field, 'is for a git address only');
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}

/** @throws ApiError ERR_REQUEST_002 naming `cursor` */
export function pageKey(cursor: string | undefined): { createdAt: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [createdAt, id] = decodeCursor(cursor, ['time', 'id'] as const);
  return { createdAt, id };
}

export function keyOf(row: { created_at: Date; id: string }): readonly string[] {
  return [row.created_at.toISOString(), row.id];
}
