import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { LinePipe, unzipLines, zipLines } from './zipped-lines.ts';

async function* bytesOf(text: string | Buffer, size = 7): AsyncGenerator<Buffer> {
  const zipped = typeof text === 'string' ? gzipSync(text) : text;
  for (let at = 0; at < zipped.length; at += size) yield zipped.subarray(at, at + size);
}

const LINES = ['{"a":"line\u2028and\u2029paragraph"}', '', '\r', '😀'.repeat(9), 'x'.repeat(200_000)];

test('lines come back as they were, whatever their characters and length', async () => {
  const pipe = new LinePipe();
  const filling = pipe.fill(async (put) => {
    for (const line of LINES) await put(line);
  });
  expect(await Array.fromAsync(unzipLines(zipLines(pipe)))).toEqual(LINES);
  await filling;
});

test('none is lost, and the end is told, however late somebody asks', async () => {
  const lines = unzipLines(bytesOf('a\nb\nc'));
  for (let turn = 0; turn < 100; turn++) await setImmediate();
  expect(await Array.fromAsync(lines)).toEqual(['a', 'b', 'c']);
});

test('damaged bytes, a cut end and a source that fails are errors', async () => {
  const whole = gzipSync('line\n'.repeat(1000));
  await expect(Array.fromAsync(unzipLines(bytesOf(Buffer.from('no gzip'))))).rejects.toThrow('incorrect header');
  await expect(Array.fromAsync(unzipLines(bytesOf(whole.subarray(0, -9))))).rejects.toThrow('unexpected end');
  async function* failing(): AsyncGenerator<Buffer> {
    yield whole.subarray(0, 10);
    throw new Error('The disk is gone.');
  }
  await expect(Array.fromAsync(unzipLines(failing()))).rejects.toThrow('The disk is gone.');
});

test('the reader is told that what pushes failed', async () => {
  const pipe = new LinePipe();
  const filling = pipe.fill(async (put) => {
    await put('one');
    throw new Error('The table is gone.');
  });
  const failed = expect(filling).rejects.toThrow('The table is gone.');
  await expect(Array.fromAsync(zipLines(pipe))).rejects.toThrow('The table is gone.');
  await failed;
});

test('what pushes is told that the reader went, and waits for nobody', async () => {
  const pipe = new LinePipe();
  const filling = pipe.fill(async (put) => {
    for (;;) await put(randomBytes(9000).toString('hex'));
  });
  const failed = expect(filling).rejects.toThrow();
  for await (const bytes of zipLines(pipe)) {
    expect(bytes.length).toBeGreaterThan(0);
    break;
  }
  await failed;
});
