/** Relays turns from the upstream to its clients, each route through another adapter, in a process of its own. */
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { openAiCompatibleModel } from '../../src/ai/openai-compatible/chat-model.ts';

const baseUrl = `http://127.0.0.1:${process.argv[2]}/v1`;
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1000 });
const own = openAiCompatibleModel({ provider: 'bench', baseUrl, apiKey: null, model: 'bench' });
const aiSdk = createOpenAICompatible({ name: 'bench', baseURL: baseUrl, includeUsage: true }).chatModel('bench');

function emit(response: ServerResponse, delta: string): void {
  response.write(`data: ${JSON.stringify({ type: 'text-delta', delta })}\n\n`);
}

/** The yardstick: nothing but node:http, a line splitter and JSON. */
function relayBare(response: ServerResponse, model = 'bench'): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'application/json' } };
    const request = http.request(`${baseUrl}/chat/completions`, options, (answer) => {
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        const lines = (rest + piece).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('data: {')) continue;
          const delta = JSON.parse(line.slice(6)).choices[0]?.delta.content;
          if (delta) emit(response, delta);
        }
      });
      answer.on('end', resolve);
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Go' }] }));
  });
}

async function relayOwn(response: ServerResponse): Promise<void> {
  const { signal } = new AbortController();
  const messages = [{ role: 'user', content: 'Go' }] as const;
  for await (const events of own.stream({ instructions: null, messages, passages: null, signal }))
    for (const event of events) if (event.type === 'text-delta') emit(response, event.delta);
}

async function relayAiSdk(response: ServerResponse): Promise<void> {
  const { signal } = new AbortController();
  const { stream } = await aiSdk.doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Go' }] }],
    abortSignal: signal,
  });
  for await (const part of stream) if (part.type === 'text-delta') emit(response, part.delta);
}

const relays: Record<string, (response: ServerResponse) => Promise<void>> = {
  '/bare': (response) => relayBare(response),
  '/bare-paced': (response) => relayBare(response, 'paced'),
  '/own': relayOwn,
  '/ai-sdk': relayAiSdk,
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/cpu') {
    response.end(JSON.stringify(process.cpuUsage()));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  await relays[request.url ?? '']?.(response);
  response.end();
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
// Longer than others are measured: a client must not find its kept connection ended.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
