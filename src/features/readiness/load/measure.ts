/** Milliseconds of acts, and how many failed. */
export type Measured = { times: readonly number[]; failures: readonly string[]; seconds: number };

/** `clients` at once, each doing its acts one after the other. An act throws when it fails. */
export async function measure(
  clients: number,
  acts: number,
  act: (client: number, number: number) => Promise<void>,
): Promise<Measured> {
  const times: number[] = [];
  const failures: string[] = [];
  const start = performance.now();
  const work = async (client: number) => {
    for (let number = 0; number < acts; number += 1) {
      const begun = performance.now();
      try {
        await act(client, number);
        times.push(performance.now() - begun);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return { times: times.sort((a, b) => a - b), failures, seconds: (performance.now() - start) / 1_000 };
}

export function percentile(times: readonly number[], percent: number): number {
  return times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))] ?? Number.NaN;
}

export function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

export function tell({ times, failures, seconds }: Measured): string {
  const [p50, p95, p99] = [50, 95, 99].map((percent) => percentile(times, percent).toFixed(0));
  return `${times.length} done, ${failures.length} failed, ${(times.length / seconds).toFixed(0)} a second; mean ${mean(times).toFixed(0)} ms, p50 ${p50}, p95 ${p95}, p99 ${p99}`;
}
