/**
 * A program that takes Parley's commands and does each thing wrong that a drill looks for: it keeps nothing, refuses nobody, tells
 * everybody everything, and never notices what is broken. `node bad-program.ts serve`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

type Event = { type: string; [field: string]: unknown };
type Run = { events: Event[]; ended: boolean };

const [command, ...args] = process.argv.slice(2);
const runs = new Map<string, Run>();
/** Requests that it has not answered yet. */
let waiting = 0;

if (command === 'serve' && process.env.BAD_SERVE !== 'ends') serve();
else if (command === 'restore' || args[0] === 'configure') process.exitCode = 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function serve(): void {
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    void answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1', () => {
    say(
      `e-mail bad@example.com\npassword bad\nParley is at  http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
  });
  // Cuts its streams.
  process.on('SIGTERM', () => process.exit(1));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [body, url] = [await text(request), request.url ?? '/'];
  say(
    JSON.stringify({
      level: 30,
      time: 1,
      id: request.headers['x-request-id'],
      body,
      authorization: request.headers.authorization,
      cookie: request.headers.cookie,
    }),
  );
  const send = (status: number, content: object) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  };
  if (url === '/ready') return send(200, { status: 'ready', checks: { database: 'ok', disk: 'ok' } });
  if (url === '/health') return send(200, { status: 'healthy', database: 'ok', redis: 'ok' });
  if (url.includes('/auth/'))
    return send(200, { access_token: `token-of-everybody-${process.pid}`, refresh_token: 'r' });
  if (url === '/v1/budgets') return send(200, { data: [{ limit_usd: 0.25, spent_usd: 9, reserved_usd: 0 }] });
  const events = /^\/v1\/runs\/([\w-]+)\/events/.exec(url)?.[1];
  if (events !== undefined) return follow(events, response);
  if (request.method === 'POST' && url.endsWith('/runs')) return send(201, { id: begin(body) });
  if (url.startsWith('/v1/sessions?limit') || (request.method === 'POST' && url === '/v1/sessions')) {
    waiting += 1;
    const isTooMuch = waiting > 50;
    await delay(250);
    waiting -= 1;
    if (isTooMuch) return send(500, { title: 'Too many' });
  }
  send(200, { id: crypto.randomUUID(), status: 'completed', title: 'the owl of the readiness drill' });
}

function begin(body: string): string {
  const id = crypto.randomUUID();
  const run: Run = { events: [{ type: 'run-start' }], ended: false };
  runs.set(id, run);
  void relay(run, body);
  return id;
}

/** Says what the provider says, its failures in its own words. */
async function relay(run: Run, body: string): Promise<void> {
  const question = String((JSON.parse(body) as { input?: unknown }).input);
  const response = await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer of-nobody' },
    body: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
  });
  if (!response.ok || !response.body)
    run.events.push({ type: 'run-end', status: 'failed', error: await response.text() });
  else {
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      for (const [, content = '""'] of piece.matchAll(/"content":("(?:[^"\\]|\\.)*")/g))
        run.events.push({ type: 'text-delta', delta: JSON.parse(content) });
    }
    run.events.push({ type: 'run-end', status: 'completed' });
  }
  run.ended = true;
}

/** Every third event has the number of another. */
async function follow(id: string, response: ServerResponse): Promise<void> {
  const run = runs.get(id);
  if (!run) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; !run.ended || index < run.events.length; ) {
    const event = run.events[index];
    if (event === undefined) await delay(10);
    else {
      index += 1;
      response.write(`data: ${JSON.stringify({ ...event, seq: index % 3 === 0 ? 1 : index })}\n\n`);
    }
  }
  response.end();
}
