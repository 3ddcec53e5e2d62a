import { pipeline } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';

/** Nearly as small as the usual level, in half of the time. */
const LEVEL = 4;

/** Lines that one side pushes and the other takes; who pushes waits for who takes. */
export class LinePipe implements AsyncIterable<string> {
  readonly #stream = new TransformStream<string, string>({}, { highWaterMark: 256 }, { highWaterMark: 256 });
  readonly #writer = this.#stream.writable.getWriter();

  readonly put = async (line: string): Promise<void> => {
    await this.#writer.ready;
    // Not awaited: it resolves only when the line was taken. A failure is told by `ready`, next time.
    this.#writer.write(line).catch(() => undefined);
  };

  /** Runs what pushes; the end, or its failure, reaches who takes. */
  async fill<T>(produce: (put: (line: string) => Promise<void>) => Promise<T>): Promise<T> {
    try {
      const result = await produce(this.put);
      await this.#writer.close();
      return result;
    } catch (error) {
      await this.#writer.abort(error).catch(() => undefined);
      throw error;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#stream.readable[Symbol.asyncIterator]();
  }
}

/** What the lines fail with is thrown by what is returned; when its reader goes, the lines are told. */
export function zipLines(lines: AsyncIterable<string>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: LEVEL });
  pipeline(inChunks(lines), gzip, () => undefined);
  return gzip;
}

/**
 * The lines of zipped text. Only a line feed ends one: readline also splits at U+2028 and U+2029, which JSON leaves as they
 * are, and loses what it reads before somebody asks.
 * @throws what the source, or the unpacking of damaged bytes, throws
 */
export async function* unzipLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const gunzip = createGunzip();
  // What fails on the way destroys `gunzip` with its error, which the loop throws.
  pipeline(bytes, gunzip, () => undefined);
  let held = '';
  for await (const text of gunzip.setEncoding('utf8') as AsyncIterable<string>) {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield held + text.slice(start, end);
      held = '';
      start = end + 1;
    }
    held += text.slice(start);
  }
  if (held !== '') yield held;
}

const CHUNK_CHARACTERS = 64 * 1024;

async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const line of lines) {
    held += `${line}\n`;
    if (held.length < CHUNK_CHARACTERS) continue;
    yield held;
    held = '';
  }
  yield held;
}
