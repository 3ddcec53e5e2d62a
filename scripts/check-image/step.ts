/** Does one thing, and says what it was and how long it took. A fault ends the whole check. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

export const step: Step = async (what, work) => {
  const begun = performance.now();
  try {
    return await work();
  } catch (error) {
    process.stdout.write(`FAILED  ${what}\n`);
    throw error;
  } finally {
    process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${what}\n`);
  }
};

/** Waits for something to be so. @throws Error with what it last was */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
    if (await isSo().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`After ${seconds} s still not: ${what}`);
}

export function must(is: boolean, otherwise: string): void {
  if (!is) throw new Error(otherwise);
}
