import type { Database } from '../../../platform/database/database.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { type RunRow, readCancelRequests } from './run.store.ts';

const POLL_MS = 500;

type Active = { tenant: Tenant; run: Pick<RunRow, 'id'> };

/** Finds the cancellations of this process's runs whose notice was lost: one statement for all runs of a tenant. */
export class LostCancels {
  readonly #database: Database;
  readonly #active: () => Iterable<Active>;
  readonly #onCancel: (runId: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #polling = false;

  constructor(database: Database, active: () => Iterable<Active>, onCancel: (runId: string) => void) {
    this.#database = database;
    this.#active = active;
    this.#onCancel = onCancel;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#poll(), POLL_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    await this.#find().finally(() => {
      this.#polling = false;
    });
  }

  async #find(): Promise<void> {
    // Each request brings a tenant of its own: by the object, every run would be asked for alone.
    const byTenant = Map.groupBy(this.#active(), ({ tenant }) => tenant.id);
    for (const runs of byTenant.values()) {
      const ids = runs.map(({ run }) => run.id);
      const { tenant } = runs[0] as Active;
      const found = inTenant(this.#database, tenant, (trx) => readCancelRequests(trx, ids));
      for (const id of await found.catch(() => [])) this.#onCancel(id);
    }
  }
}
