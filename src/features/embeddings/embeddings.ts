import type { Embedder } from '../../ai/embedder.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import { inTenant, type Tenant } from '../tenancy/index.ts';
import { type BackfillDependencies, backfill } from './backfill.ts';
import type { EmbeddedArea, EmbeddedAreaName } from './embedded-area.ts';
import { embeddingErrors } from './embeddings.errors.ts';
import * as store from './embeddings.store.ts';
import { createServing } from './serving.ts';

export type EmbeddingsDependencies = Omit<BackfillDependencies, 'isServing'> & {
  queue: Pick<Queue, 'enqueue'>;
  /** The current one first, then the next one where there is one. */
  embedders: readonly Embedder[];
  areas(): readonly EmbeddedArea[];
  /** Whether searches change to the next embedder by themselves, once it has a vector of everything. */
  switchByItself: boolean;
  listTenants(): Promise<readonly Tenant[]>;
};

/** How one index is. */
export type IndexState = {
  area: EmbeddedAreaName;
  embedder: string;
  /** `serving`: searches use it. `complete`: they could. `building`: vectors are missing. */
  state: 'serving' | 'complete' | 'building';
  /** Different texts; those with a vector; those without that are still to come; those that the model does not take. */
  total: number;
  embedded: number;
  missing: number;
  refused: number;
  /** Chosen by a person, so that nothing switches by itself. */
  pinned: boolean;
  error: { code: string; detail: string } | null;
  switched_at: string | null;
  updated_at: string | null;
};

export type Embeddings = {
  serving(tenant: Pick<Tenant, 'id'>, area: EmbeddedAreaName): Embedder | null;
  /** Something new was embedded with the serving embedder: others have to follow. */
  wake(tenant: Tenant): void;
  /** Brings every index of a tenant up to date, and switches where that is to be; a job does the same. True: all are. */
  catchUp(tenant: Tenant, signal: AbortSignal): Promise<boolean>;
  states(tenant: Tenant): Promise<readonly IndexState[]>;
  /** Lets searches use this embedder from now on: forward, or back. Nothing switches by itself afterwards.
   * @throws ApiError ERR_EMBEDDING_001, ERR_EMBEDDING_002 */
  serve(tenant: Tenant, embedder: string, areas?: readonly EmbeddedAreaName[]): Promise<void>;
  /** Learns what serves, once; for commands. */
  load(): Promise<void>;
  /** Learns what serves, and has a job look through all tenants for what was never embedded. */
  start(): Promise<void>;
  stop(): void;
  readonly jobs: readonly JobDefinition<never>[];
};

type Payload = { tenant: Tenant; tries: number };
const JOB = { name: 'embeddings.catch-up' } as const;
const LOOK = { name: 'embeddings.look-at-tenants' } as const;
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 600;
/** Another process may still write with the old embedder for so long after a switch, seconds. */
const AFTER_SWITCH_SECONDS = 15;

export function createEmbeddings(deps: EmbeddingsDependencies): Embeddings {
  const { database, queue, clock, embedders } = deps;
  const serving = createServing(deps);
  const servingOf = (tenant: Pick<Tenant, 'id'>, area: EmbeddedAreaName) => serving.of(tenant.id, area);
  const filling = {
    ...deps,
    isServing: (tenant: Tenant, area: EmbeddedArea, embedder: Embedder) =>
      servingOf(tenant, area.name)?.id === embedder.id,
  };

  async function enqueue({ id, slug }: Tenant, tries: number, startAfter: number): Promise<void> {
    const options = { singletonKey: `${slug} ${tries > 0}`, ...(startAfter > 0 && { startAfter }) };
    await inTenant(database, { id, slug }, (trx) => queue.enqueue(trx, JOB, { tenant: { id, slug }, tries }, options));
  }

  async function countsOf(tenant: Tenant, area: EmbeddedArea, embedder: string) {
    return inTenant(database, tenant, async (trx) => {
      const { total, embedded } = await area.count(trx, embedder);
      const refused = Math.min(total - embedded, await store.countRefusals(trx, area.name, embedder));
      return { total, embedded, refused, missing: total - embedded - refused };
    });
  }

  async function choose(tenant: Tenant, area: EmbeddedAreaName, embedder: string, pinned: boolean): Promise<void> {
    const previous = servingOf(tenant, area)?.id ?? null;
    await database.transaction((trx) =>
      store.setServing(trx, {
        tenant_id: tenant.id,
        area,
        serving: embedder,
        previous: previous === embedder ? null : previous,
        pinned,
        switched_at: clock.now(),
      }),
    );
    await serving.refresh();
    deps.log.info({ tenant: tenant.slug, area, embedder, previous }, 'searches use the vectors of another embedder');
  }

  /** The last one that is configured is the one to come. */
  async function switchWhenComplete(tenant: Tenant, area: EmbeddedArea): Promise<boolean> {
    const next = embedders.at(-1);
    if (!deps.switchByItself || !next || servingOf(tenant, area.name)?.id === next.id) return false;
    const row = await store.findServing(database.db, tenant.id, area.name);
    if (row?.pinned) return false;
    if ((await countsOf(tenant, area, next.id)).missing > 0) return false;
    await choose(tenant, area.name, next.id, false);
    return true;
  }

  async function catchUp(tenant: Tenant, signal: AbortSignal): Promise<boolean> {
    let all = true;
    let switched = false;
    for (const area of deps.areas()) {
      for (const embedder of embedders) {
        if (!(await backfill(filling, tenant, area, embedder, signal))) all = false;
      }
      if (await switchWhenComplete(tenant, area)) switched = true;
    }
    if (switched) await enqueue(tenant, 1, AFTER_SWITCH_SECONDS);
    return all;
  }

  async function lookAtTenants(signal: AbortSignal): Promise<void> {
    for (const tenant of await deps.listTenants()) {
      signal.throwIfAborted();
      if (await lacks(tenant)) await enqueue(tenant, 0, 0);
    }
  }

  async function lacks(tenant: Tenant): Promise<boolean> {
    for (const area of deps.areas()) {
      for (const { id } of embedders) {
        const page = { after: -1, limit: 1 };
        const missing = await inTenant(database, tenant, (trx) => area.findMissing(trx, id, page));
        if (missing.length > 0) return true;
      }
      // Complete, and still not in use.
      const last = embedders.at(-1);
      if (last && embedders.length > 1 && servingOf(tenant, area.name)?.id !== last.id) return true;
    }
    return false;
  }

  const job: JobDefinition<Payload> = {
    ...JOB,
    retryLimit: 10,
    expireInSeconds: 6 * 3_600,
    concurrency: 1,
    handle: async ({ tenant, tries }, { signal }) => {
      if (await catchUp(tenant, signal)) return;
      await enqueue(tenant, tries + 1, Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(tries, 8)));
    },
  };
  const look: JobDefinition<Record<string, never>> = {
    ...LOOK,
    retryLimit: 10,
    expireInSeconds: 3_600,
    concurrency: 1,
    handle: (_payload, { signal }) => lookAtTenants(signal),
  };

  return {
    jobs: [job, look] as readonly JobDefinition<never>[],
    serving: servingOf,
    catchUp,
    wake: (tenant) => {
      if (embedders.length < 2) return;
      void enqueue(tenant, 0, 0).catch((error: unknown) =>
        deps.log.warn(
          { err: error, tenant: tenant.slug },
          'the other index could not be asked to follow; the next will',
        ),
      );
    },
    states: async (tenant) => {
      const backfills = await store.listBackfills(database.db, tenant.id);
      const states: IndexState[] = [];
      for (const area of deps.areas()) {
        const chosen = await store.findServing(database.db, tenant.id, area.name);
        for (const { id } of embedders) {
          const known = backfills.find((one) => one.area === area.name && one.embedder === id);
          const inUse = servingOf(tenant, area.name)?.id === id;
          const counts = await countsOf(tenant, area, id);
          states.push(stateOf({ area: area.name, embedder: id, inUse, counts, chosen, known }));
        }
      }
      return states;
    },
    serve: async (tenant, embedder, names) => {
      if (!embedders.some(({ id }) => id === embedder)) throw embeddingErrors.unknownEmbedder();
      const areas = deps.areas().filter(({ name }) => names?.includes(name) ?? true);
      for (const area of areas) {
        const { missing } = await countsOf(tenant, area, embedder);
        if (missing > 0) {
          throw embeddingErrors.incomplete(
            `${missing} texts of ${area.name} have no vector of ${embedder} yet; searches would not find them by meaning.`,
          );
        }
      }
      for (const { name } of areas) await choose(tenant, name, embedder, true);
    },
    load: serving.refresh,
    start: async () => {
      await serving.start();
      if (embedders.length === 0) return;
      await database.transaction((trx) => queue.enqueue(trx, LOOK, {}, { singletonKey: 'all' }));
    },
    stop: serving.stop,
  };
}

type Counted = Pick<IndexState, 'total' | 'embedded' | 'missing' | 'refused'>;

function stateOf(of: {
  area: EmbeddedAreaName;
  embedder: string;
  inUse: boolean;
  counts: Counted;
  chosen: store.ServingRow | undefined;
  known: store.BackfillRow | undefined;
}): IndexState {
  const { area, embedder, inUse, counts, chosen, known } = of;
  const idle = counts.missing > 0 ? 'building' : 'complete';
  return {
    area,
    embedder,
    state: inUse ? 'serving' : idle,
    ...counts,
    pinned: chosen?.pinned ?? false,
    error: known?.error ?? null,
    switched_at: inUse && chosen ? chosen.switched_at.toISOString() : null,
    updated_at: known?.updated_at.toISOString() ?? null,
  };
}
