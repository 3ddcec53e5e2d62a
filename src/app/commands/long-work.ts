/** What commands that take long have in common. */

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Aborted by the first Ctrl+C; what was begun is left so that the same command goes on. A second one ends at once. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Error(`Broken off by ${signal}.`)));
  }
  return controller.signal;
}

/** On a terminal one line that changes; elsewhere nothing, so that logs stay readable. */
export function showProgress(what: string): (done: number, of: number) => void {
  return (done, of) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${done} of ${of} ${what}${done === of ? '\n' : ''}`);
  };
}

export function tellSize(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < units.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
