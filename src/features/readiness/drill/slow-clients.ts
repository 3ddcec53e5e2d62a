import { createConnection } from 'node:net';
import type { ScratchCheck } from '../check.ts';
import { judge } from '../finding.ts';

const HALVES: readonly (readonly [string, string])[] = [
  ['headers that never end', 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
  [
    'a body that never comes',
    'POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  ],
];

/** `most`: how long such a client may hold its connection, seconds. */
export function slowClientsWithin(most: number): ScratchCheck {
  return {
    id: 'slow-clients',
    kind: 'drill',
    category: 'reliability',
    weight: 'major',
    title: 'Clients that never finish their request are refused or cut off, and hold nobody up',
    items: ['S0-20', 'S0-21', 'S0-34', 'S3-58'],
    expected: `both kinds answered by an error or closed within ${most} s; /health/live answers meanwhile`,
    remedy: 'report it: this is a fault of the program',
    validDays: 90,
    run: async (workshop, signal) => {
      const { server } = await workshop.common();
      const port = Number(new URL(server.url).port);
      const cut = HALVES.map(async ([what, bytes]) => ({
        what,
        seconds: await secondsUntilCut(port, bytes, most, signal),
      }));
      const { status } = await server.ask('/health/live');
      const results = await Promise.all(cut);
      const faults = results.filter(({ seconds }) => seconds > most).map(({ what }) => `${what} were not cut`);
      if (status !== 200) faults.push(`/health/live answered ${status} meanwhile`);
      return judge(faults, results.map(({ what, seconds }) => `${what}: ${seconds.toFixed(0)} s`).join(', '));
    },
  };
}

export const slowClients: ScratchCheck = slowClientsWithin(25);

/** Infinity where it is still open after the time that is allowed. */
function secondsUntilCut(port: number, bytes: string, most: number, signal: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const start = performance.now();
  const socket = createConnection(port, '127.0.0.1', () => socket.write(bytes));
  const late = setTimeout(
    () => {
      resolve(Number.POSITIVE_INFINITY);
      socket.destroy();
    },
    (most + 1) * 1_000,
  );
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  const end = () => {
    clearTimeout(late);
    resolve((performance.now() - start) / 1_000);
    socket.destroy();
  };
  socket.on('data', (answer) => {
    if (/^HTTP\/1\.1 [45]/.test(answer.toString('latin1'))) end();
  });
  socket.on('error', () => undefined);
  socket.on('close', end);
  return promise;
}
