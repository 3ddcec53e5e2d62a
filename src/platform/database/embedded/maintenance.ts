/** What a stand-alone Postgres leaves undone: it has neither autovacuum nor a checkpointer. */

const MEGABYTE = 2 ** 20;

export type MaintenanceLimits = {
  /** Time between two looks, ms. */
  interval: number;
  /** Up to so many statements between two looks count as quiet: the job queue alone asks a few times a second. */
  quietStatements: number;
  /** Least time between two rounds of vacuuming, ms. */
  roundEvery: number;
  /** After so long without a round, ms, one is made even under load. */
  overdueAfter: number;
  /** Log written since the last checkpoint, bytes: above the first a checkpoint is made when quiet, above the second always. */
  quietWal: number;
  mostWal: number;
};

export const defaultLimits: MaintenanceLimits = {
  interval: 5_000,
  quietStatements: 50,
  roundEvery: 60_000,
  overdueAfter: 600_000,
  quietWal: 4 * MEGABYTE,
  mostWal: 48 * MEGABYTE,
};

export type MaintenanceTools = {
  /** Runs one statement when the connection is free. */
  execute(statement: string): Promise<{ rows: Record<string, unknown>[] }>;
  /** Statements that have ever been run, maintenance included. */
  statements(): number;
  /** Callers that wait for the connection now. */
  waiting(): number;
  now(): number;
  onError(error: Error): void;
};

/** Autovacuum's own thresholds, and a freeze long before transaction numbers could run out. */
const DUE_TABLES = `
  SELECT format('%I.%I', s.schemaname, s.relname) AS name
  FROM pg_stat_all_tables s JOIN pg_class c ON c.oid = s.relid
  WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p'
    AND (s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
      OR s.n_ins_since_vacuum > 1000 + 0.2 * greatest(c.reltuples, 0)
      OR s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)
      OR age(c.relfrozenxid) > 100000000)
  ORDER BY s.n_dead_tup DESC`;

const ALL_TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p'
  ORDER BY c.oid`;

const WAL_SINCE_CHECKPOINT =
  'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) AS bytes FROM pg_control_checkpoint()';

const UNDEFINED_TABLE = '42P01';

export class Maintenance {
  readonly #tools: MaintenanceTools;
  readonly #limits: MaintenanceLimits;
  readonly #timer: NodeJS.Timeout;
  #ownStatements = 0;
  #seenStatements = 0;
  #lastRound: number;
  /** Something ran since the last complete round. */
  #dirty = true;
  #isRunning = false;

  constructor(tools: MaintenanceTools, limits: MaintenanceLimits) {
    this.#tools = tools;
    this.#limits = limits;
    this.#lastRound = tools.now();
    this.#timer = setInterval(() => this.#look(), limits.interval);
    this.#timer.unref();
  }

  /** Looks no more. A statement that runs goes on to its end. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Vacuums and analyses every table, one at a time so that others get their turn, then makes a checkpoint. */
  async maintainAll(): Promise<void> {
    const { rows } = await this.#execute(ALL_TABLES);
    for (const { name } of rows) await this.#vacuum(String(name));
    await this.#execute('CHECKPOINT');
    this.#lastRound = this.#tools.now();
  }

  /** One look: a checkpoint when the log is long, a round of vacuuming when little else happens. */
  async look(): Promise<void> {
    const asked = this.#countAsked();
    if (asked > 0) this.#dirty = true;
    if (!this.#dirty) return;
    const sinceRound = this.#tools.now() - this.#lastRound;
    const isQuiet = asked <= this.#limits.quietStatements;
    const isOverdue = sinceRound >= this.#limits.overdueAfter;
    if (isOverdue || (isQuiet && sinceRound >= this.#limits.roundEvery)) await this.#vacuumDue(isOverdue);
    await this.#checkpoint(isQuiet ? this.#limits.quietWal : this.#limits.mostWal);
  }

  #look(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const ended = () => {
      this.#isRunning = false;
    };
    void this.look().catch(this.#tools.onError).finally(ended);
  }

  #countAsked(): number {
    const others = this.#tools.statements() - this.#ownStatements;
    const asked = others - this.#seenStatements;
    this.#seenStatements = others;
    return asked;
  }

  /** Stops as soon as a caller waits, unless it has been put off for too long; the next look goes on. */
  async #vacuumDue(isOverdue: boolean): Promise<void> {
    await this.#execute('SELECT pg_stat_force_next_flush()');
    const { rows } = await this.#execute(DUE_TABLES);
    for (const { name } of rows) {
      if (this.#tools.waiting() > 0 && !isOverdue) return;
      await this.#vacuum(String(name));
    }
    this.#lastRound = this.#tools.now();
    this.#dirty = false;
  }

  async #vacuum(table: string): Promise<void> {
    try {
      await this.#execute(`VACUUM (ANALYZE) ${table}`);
    } catch (error) {
      // Dropped since it was listed.
      if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    }
  }

  async #checkpoint(threshold: number): Promise<void> {
    const { rows } = await this.#execute(WAL_SINCE_CHECKPOINT);
    if (Number(rows[0]?.bytes) > threshold) await this.#execute('CHECKPOINT');
  }

  #execute(statement: string): Promise<{ rows: Record<string, unknown>[] }> {
    this.#ownStatements++;
    return this.#tools.execute(statement);
  }
}
