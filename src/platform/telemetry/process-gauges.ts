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
  /** The disk of the data folder, bytes; null where there is no such folder. */
  disk(): Promise<{ free: number; size: number } | null>;
  /** Statements of this process that took longer than SLOW_QUERY_MS, so far. */
  slowStatements(): number;
  /** Circuits of services outside that were called lately. */
  circuits(): readonly { kind: string; circuit: string }[];
};

const MOST_WAIT_MS = 2_000;

/**
 * Gauges of the connections and of the queue. Where the database does not answer, those of the queue are left out, and a
 * replica that does not is endlessly far behind.
 * @param mostWait for what is asked outside the process, ms: a database that hangs must not make it look down
 */
export function gaugeProcess(registry: Registry, state: ProcessState, mostWait = MOST_WAIT_MS): void {
  const soon = <T>(asked: Promise<T>, otherwise: T) => inTime(asked, otherwise, mostWait);
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
      const seconds = await soon(state.replicaLag(), Number.POSITIVE_INFINITY);
      if (seconds !== null) this.set(seconds);
      else this.remove();
    },
  });
  new Gauge({
    name: 'parley_disk_free_ratio',
    help: 'What is free of the disk that DATA_DIR is on, 0 to 1.',
    registers,
    async collect() {
      const disk = await soon(state.disk(), null);
      if (disk !== null && disk.size > 0) this.set(disk.free / disk.size);
      else this.remove();
    },
  });
  new Gauge({
    name: 'parley_queue_jobs',
    help: 'Jobs of the whole installation; every process tells the same.',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      const queues = await soon(state.jobs(), []);
      this.reset();
      for (const { name, waiting, active, failed } of queues) {
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
      const ages = await soon(state.jobAges(), []);
      this.reset();
      for (const { name, seconds } of ages) this.set({ queue: name }, seconds);
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

/** What was asked for, or `otherwise` where that fails or takes longer than `mostWait` ms. */
async function inTime<T>(asked: Promise<T>, otherwise: T, mostWait: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, mostWait, otherwise);
  });
  return Promise.race([asked.catch(() => otherwise), late]).finally(() => clearTimeout(timer));
}
