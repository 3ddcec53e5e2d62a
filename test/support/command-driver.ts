/**
 * Runs commands of `parley` one after another in one process, so that trying many costs one start: each line of standard input
 * is a JSON list of arguments, each line of standard output what that command said and its exit code. The settings are this
 * process's environment. What a command leaves open in the process is its fault and shows in the next one.
 */
import { createInterface } from 'node:readline';

class Exit extends Error {}

const tell = process.stdout.write.bind(process.stdout);
let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  tell(`${JSON.stringify(await run(JSON.parse(line) as string[]))}\n`);
}
process.exit(0);

async function run(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const [write, complain, exit] = [process.stdout.write, process.stderr.write, process.exit];
  process.stdout.write = hear((text) => (said.out += text));
  process.stderr.write = hear((text) => (said.err += text));
  process.exit = (code) => {
    process.exitCode = code ?? 0;
    throw new Exit();
  };
  process.exitCode = 0;
  process.argv = [process.execPath, 'parley', ...args];
  try {
    count += 1;
    // The module is the program: it reads its arguments when it is loaded.
    await import(`../../src/app/command-line.ts?${count}`);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  } finally {
    Object.assign(process, { exit });
    process.stdout.write = write;
    process.stderr.write = complain;
  }
  return { code: Number(process.exitCode ?? 0), ...said };
}

/** Stands in for a stream's `write`. */
function hear(take: (text: string) => void): typeof process.stdout.write {
  return (chunk: string | Uint8Array, ...more: unknown[]) => {
    take(String(chunk));
    for (const each of more) if (typeof each === 'function') each();
    return true;
  };
}
