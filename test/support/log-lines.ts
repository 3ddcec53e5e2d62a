import { Writable } from 'node:stream';

/** A log that keeps its lines, for a test that reads them. */
export class LogLines {
  readonly #lines: Record<string, unknown>[] = [];
  readonly stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().split('\n')) if (line !== '') this.#lines.push(JSON.parse(line));
      done();
    },
  });

  get all(): readonly Record<string, unknown>[] {
    return this.#lines;
  }

  /** The lines with this message. */
  saying(message: string): readonly Record<string, unknown>[] {
    return this.#lines.filter(({ msg }) => msg === message);
  }
}
