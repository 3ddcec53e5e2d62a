/** Models that answer at once, or at a pace: `/chat/completions` with as many tokens as asked for, in a process of its own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const tokens = Number(process.argv[2] ?? 100);

function chunk(fields: object): string {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'bench' };
  return `data: ${JSON.stringify({ ...head, ...fields })}\n\n`;
}

const pieces = [
  ...Array.from({ length: tokens }, (_, index) =>
    chunk({ choices: [{ index: 0, delta: { content: ` word${index}` }, logprobs: null, finish_reason: null }] }),
  ),
  chunk({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] }),
  chunk({ choices: [], usage: { prompt_tokens: 10, completion_tokens: tokens, total_tokens: tokens + 10 } }),
  'data: [DONE]\n\n',
];

/** Time between two tokens of the model `paced`, ms. Each is sent at its time, as by a model on a machine of its own: a
 * late one does not delay those after it. */
const PACE_MS = 10;

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await Array.fromAsync(request)).toString();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const isPaced = body.includes('"model":"paced"');
  const began = performance.now();
  for (const [index, piece] of pieces.entries()) {
    response.write(piece);
    const early = began + (index + 1) * PACE_MS - performance.now();
    if (isPaced && early > 0) await setTimeout(early);
  }
  response.end();
});
// Longer than others are measured: a client must not find its kept connection ended.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
