import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** Waits until a program listens on a port of this machine. @throws Error with its log when it ends before, or never does */
export async function untilListening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await accepts(port)) return;
    await setTimeout(POLL_MS);
  }
  throw new Error(`${child.spawnfile} does not listen:\n${log()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
