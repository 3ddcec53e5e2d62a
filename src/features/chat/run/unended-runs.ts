import type { Tenant } from '../../tenancy/index.ts';
import type { RunRow } from './run.store.ts';

/** `owner`: who holds it by name, where that is not this worker. */
type Unended = { tenant: Tenant; owner?: string };

/** Runs whose end could not be written because the database stayed away, or that were begun under a name that is gone. */
export class UnendedRuns {
  readonly #runs = new Map<string, Unended>();
  #reclaiming = false;

  add(runId: string, unended: Unended): void {
    this.#runs.set(runId, unended);
  }

  /** Takes up what can be; one that fails, such as that of a tenant which is gone, does not hold up the others. */
  async reclaim(
    take: (tenant: Tenant, runId: string, owner?: string) => Promise<RunRow | undefined>,
    begin: (tenant: Tenant, run: RunRow) => void,
  ): Promise<void> {
    if (this.#reclaiming) return;
    this.#reclaiming = true;
    for (const [runId, { tenant, owner }] of this.#runs) {
      const run = await take(tenant, runId, owner).catch(() => null);
      if (run === null) continue;
      this.#runs.delete(runId);
      if (run) begin(tenant, run);
    }
    this.#reclaiming = false;
  }
}
