import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between the browser and the server that can be lost and come back. */
export type SeverableLine = {
  /** Use this instead of the server's own address. */
  address: string;
  /** Cuts every connection and refuses new ones. */
  sever(): void;
  mend(): void;
  close(): Promise<void>;
};

export async function severableLine(serverAddress: string): Promise<SeverableLine> {
  const { hostname, port } = new URL(serverAddress);
  const sockets = new Set<Socket>();
  let severed = false;
  const server = createServer((near) => {
    if (severed) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      // What a cut connection reports is what was wanted.
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}`,
    sever() {
      severed = true;
      cut();
    },
    mend() {
      severed = false;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
