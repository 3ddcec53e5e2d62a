import { type ChildProcess, fork } from 'node:child_process';

/** A part of a measurement in a process of its own, which sends its port when it listens and ends when we let it go. */
export async function startChild(file: URL, ...args: string[]): Promise<{ process: ChildProcess; port: number }> {
  const child = fork(file, args);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file.pathname} ended with ${code}`)));
  });
  return { process: child, port };
}
