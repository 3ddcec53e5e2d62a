import { Counter, Gauge, type Registry } from 'prom-client';

/** What is read whenever the metrics are asked for. */
export type ProcessState = {
  /** Connections of this process to the database. */
  connections(): { open: number; idle: number };
  /** Callers that wait for one of them. */
  waiting(): number;
  /** Jobs of the whole installation, by queue. */
  jobs(): Promise<readonly { name: string; waiting: number; active: number; failed: number }[]>;
  /** How long the job has been due that has waited longest, by queue, seconds; queues in which none is due are left out. */
  jobAges(): Promise<readonly { name: string; seconds: number }[]>;
  /** How far the replica of the database is behind, seconds; null where there is none. */
  replicaLag(): Promise<number | null>;
  /** Statements of this process that took longer than SLOW_QUERY_MS, so far. */
  slowStatements(): number;
  /** Circuits of services outside that were called lately. */
  circuits(): readonly { kind: string; circuit: string }[];
};

/** Gauges of the connections and of the queue. Where the database does not answer, those of the queue are left out. */
export function gaugeProcess(registry: Registry, state: ProcessState): void {
  const registers = [registry];
  new Gauge({
    name: 'parley_database_connections',
    help: 'Connections of this process to the database; waiting: callers that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      const { open, idle } = state.connections();
      this.set({ state: 'busy' }, open - idle);
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, state.waiting());
    },
  });
  new Gauge({
    name: 'parley_replica_lag_seconds',
    help: 'How far the replica of DATABASE_REPLICA_URL is behind.',
    registers,
    async collect() {
      this.reset();
      const seconds = await state.replicaLag().catch(() => Number.POSITIVE_INFINITY);
      if (seconds !== null) this.set(seconds);
      else this.remove();
    },
  });
  new Gauge({
    name: 'parley_queue_jobs',
    help: 'Jobs of the whole installation; every process tells the same.',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      this.reset();
      for (const { name, waiting, active, failed } of await state.jobs().catch(() => [])) {
        this.set({ queue: name, state: 'waiting' }, waiting);
        this.set({ queue: name, state: 'active' }, active);
        this.set({ queue: name, state: 'failed' }, failed);
      }
    },
  });
  new Gauge({
    name: 'parley_queue_oldest_due_seconds',
    help: 'How long the job has been due that has waited longest; every process tells the same.',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset();
      for (const { name, seconds } of await state.jobAges().catch(() => [])) this.set({ queue: name }, seconds);
    },
  });
  new Counter({
    name: 'parley_slow_statements_total',
    help: 'Statements that took longer than SLOW_QUERY_MS; the log has their texts.',
    registers,
    collect() {
      this.reset();
      this.inc(state.slowStatements());
    },
  });
  new Gauge({
    name: 'parley_circuits',
    help: 'Circuit breakers of services outside that were called lately, by kind and state.',
    labelNames: ['kind', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { kind, circuit } of state.circuits()) this.inc({ kind, state: circuit });
    },
  });
}
