import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a server at `url`, counts who knocks, and can be closed to everybody for a while. */
export async function doorTo(url: string) {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const door = { closed: false, knocks: 0 };
  const server = createServer((outside) => {
    door.knocks += 1;
    if (door.closed) return outside.destroy();
    open.add(outside);
    const inside = connect(Number(port), hostname);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(outside);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    knocks: () => door.knocks,
    inside: () => open.size,
    shut: () => {
      door.closed = true;
      for (const socket of open) socket.destroy();
    },
    open: () => {
      door.closed = false;
    },
    close: () => server.close(),
  };
}
