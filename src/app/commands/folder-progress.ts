const WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

type Progress = { path: string; done: number; total: number };

/** One line on a terminal's standard error that says how far a folder has been read. Silent elsewhere. */
export class FolderProgressBar {
  readonly #visible: boolean;

  constructor(visible: boolean) {
    this.#visible = visible;
  }

  show({ path, done, total }: Progress): void {
    if (!this.#visible) return;
    const filled = Math.round((WIDTH * done) / Math.max(1, total));
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    const room = Math.max(10, (process.stderr.columns ?? 80) - WIDTH - 24);
    const name = path.length > room ? `…${path.slice(1 - room)}` : path;
    process.stderr.write(`${CLEAR_LINE}Reading ${bar} ${done}/${total} ${name}`);
  }

  end(): void {
    if (this.#visible) process.stderr.write(CLEAR_LINE);
  }
}

/** A line for each file that could not be read, with the reason. */
export function failureLines({ failed }: { failed: readonly { path: string; detail: string }[] }): string[] {
  return failed.map(({ path, detail }) => `Not read: ${path} – ${detail}\n`);
}
