import type { Outage, OutageEvents } from '../platform/database/connection-gate.ts';
import type { Logger } from '../platform/telemetry/log.ts';

/** What a log and reports have of a server that lets nobody in: its loss, a line in half a minute, and its return. What met
 * it meanwhile says so at `debug` only. */
export function outageLines(
  name: 'the database' | 'the replica',
  log: Logger,
  level: 'error' | 'warn',
): Pick<OutageEvents, 'onAway' | 'onBack'> {
  return {
    onAway: ({ error, ...counts }) =>
      log[level]({ err: lossOf(error), ...fieldsOf(counts) }, `${name} cannot be reached`),
    onBack: ({ error: _, ...counts }) => log.info(fieldsOf(counts), `${name} can be reached again`),
  };
}

/** One of our own: that of the attempt is one of those that are not told. */
function lossOf(error: Error): Error {
  const { code } = error as { code?: unknown };
  return Object.assign(new Error(error.message || String(code)), { code });
}

function fieldsOf({ attempts, refused, seconds }: Omit<Outage, 'error'>) {
  return { attempts, refused, seconds };
}

const QUIET_MS = 30_000;

/** Connections break together, and each of them twice: as the pool's and by itself. A line says how many since the last. */
export function brokenConnections(write: Logger['error'], message: string): (error: Error) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return (error) => {
    if (performance.now() - toldAt < QUIET_MS) {
      untold += 1;
      return;
    }
    toldAt = performance.now();
    write({ err: error, ...(untold > 0 && { not_told_since_the_last: untold }) }, message);
    untold = 0;
  };
}
