import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { signUp, startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';

const KIB = 1024;
const SETTLING_MS = 3_000;

/** What an open WebSocket that says nothing costs the server: resident memory with so many open, less that with none. */
export async function measureWebSocketMemory({ connections = 2_000 } = {}): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const parley = await startParley({ DATA_DIR: folder });
  try {
    const token = await signUp(parley.url);
    const address = `${parley.url.replace('http', 'ws')}/v1/ws/chat?token=${token}`;
    // What the first ones bring with them, code and pools, is no cost of a connection.
    const first = await openAll(address, 200);
    await setTimeout(SETTLING_MS);
    const before = await parley.memory();
    const all = await openAll(address, connections);
    await setTimeout(SETTLING_MS);
    const ours = ((await parley.memory()) - before) / connections / KIB;
    for (const socket of [...first, ...all]) socket.terminate();
    return [{ what: `memory of an idle WebSocket, KiB (${connections} open)`, ours, goal: 'below 50' }];
  } finally {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openAll(address: string, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  for (let opened = 0; opened < count; opened += 50) {
    const batch = Array.from({ length: Math.min(50, count - opened) }, () => new WebSocket(address));
    await Promise.all(batch.map((socket) => once(socket, 'open')));
    sockets.push(...batch);
  }
  return sockets;
}
