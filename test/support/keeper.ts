import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

// Ends what a test's process started and never came to end: its test failed midway, was tried again, or took too long.
// Vitest ends its processes by signals, so that none of their own `exit` listeners runs; its main process, to which each
// keeps a connection, ends for them what they left. Whatever else uses `test/support` ends it as it exits.

/** The setting that says where the keeper listens; a process without it has none. */
export const KEEPER_ADDRESS = 'PARLEY_TEST_KEEPER';

/** By what `process.kill` takes: a process, or a group below zero. */
type Kept = Map<number, NodeJS.Signals>;

const own: Kept = new Map();
let keeper: Socket | null = null;
/** It keeps for the others; its own is ended as it exits. */
let isKeeper = false;
process.once('exit', () => endAll(own));

/** Of a child: until it has ended. `group`: with all that it started, for one that was spawned `detached`. */
export function endWithTests(child: ChildProcess, { group = false } = {}): void {
  if (child.pid === undefined) return;
  // `close` comes after every process that holds the outputs is gone: npm ends before the program that it started.
  child.once('close', keep(group ? -child.pid : child.pid));
}

/** Until the returned function is called. */
export function keep(target: number, signal: NodeJS.Signals = 'SIGKILL'): () => void {
  own.set(target, signal);
  tell(`${target} ${signal}`);
  return () => {
    own.delete(target);
    tell(`${target}`);
  };
}

/** Sends the signal, unless the process or group has ended by itself. */
export function endNow(target: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** For vitest's main process: keeps for all that it starts from now on, until the returned function is called. */
export async function serveKeeper(socket: string): Promise<() => Promise<void>> {
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    void keepFor(connection);
  });
  server.listen(socket);
  await once(server, 'listening');
  isKeeper = true;
  process.env[KEEPER_ADDRESS] = socket;
  return async () => {
    delete process.env[KEEPER_ADDRESS];
    isKeeper = false;
    for (const connection of connections) connection.destroy();
    server.close();
    await once(server, 'close');
  };
}

async function keepFor(connection: Socket): Promise<void> {
  const kept: Kept = new Map();
  // A process that was killed goes without a farewell.
  connection.on('error', () => undefined).once('close', () => endAll(kept));
  for await (const line of createInterface({ input: connection })) {
    const [target, signal] = line.split(' ');
    if (signal === undefined) kept.delete(Number(target));
    else kept.set(Number(target), signal as NodeJS.Signals);
  }
}

function tell(line: string): void {
  const address = process.env[KEEPER_ADDRESS];
  if (address === undefined || isKeeper) return;
  // It is there as long as this process, and holds nothing up.
  keeper ??= createConnection(address)
    .on('error', () => undefined)
    .unref();
  keeper.write(`${line}\n`);
}

function endAll(kept: Kept): void {
  for (const [target, signal] of kept) endNow(target, signal);
  kept.clear();
}
