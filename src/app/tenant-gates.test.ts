import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { createTenantGates } from './tenant-gates.ts';

const GATED = { id: '01890a5d-ac96-774b-bcce-b302099a8057' };

/** An answer whose client leaves while it is found out who it is. */
async function abandonedAnswer(): Promise<ServerResponse> {
  await using server = Object.assign(createServer(), {
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [, answer] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  client.destroy();
  await once(answer, 'close');
  return answer;
}

test('an answer whose client left before it was let in is not kept', async () => {
  const gates = createTenantGates();
  const answer = await abandonedAnswer();
  gates.enter(GATED.id, answer);
  await new Promise(setImmediate);
  Object.defineProperty(answer, 'headersSent', {
    get: () => {
      throw new Error('It is still held.');
    },
  });
  expect(() => gates.close(GATED.id)).not.toThrow();
});
