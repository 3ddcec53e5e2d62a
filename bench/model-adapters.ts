/** How many turns a second each way of talking to a model relays, against a bare node:http relay of the same turns. */
import { type ChildProcess, fork } from 'node:child_process';
import http from 'node:http';

export type AdapterMeasurement = {
  adapter: string;
  turnsPerSecond: number;
  /** Processor time of the relay, in ms a turn: steadier than turns a second on a shared machine. */
  cpuPerTurn: number;
  /** Turns a second in relation to the bare relay's. */
  ratio: number;
};

export type AdapterBenchOptions = { tokens?: number; concurrent?: number; turns?: number };

/** Takes about 15 s. The upstream, the relay and the load each have a process. */
export async function measureModelAdapters(options: AdapterBenchOptions = {}): Promise<AdapterMeasurement[]> {
  const { tokens = 100, concurrent = 32, turns = 4000 } = options;
  const upstream = await start('upstream.ts', String(tokens));
  const relay = await start('relay.ts', String(upstream.port));
  try {
    const measured = [];
    for (const adapter of ['bare', 'own', 'ai-sdk']) {
      await run(relay.port, adapter, Math.ceil(turns / 5), concurrent, tokens);
      measured.push(await measure(relay.port, adapter, turns, concurrent, tokens));
    }
    const bare = measured[0]?.turnsPerSecond ?? Number.NaN;
    return measured.map((one) => ({ ...one, ratio: one.turnsPerSecond / bare }));
  } finally {
    relay.process.disconnect();
    upstream.process.disconnect();
  }
}

async function measure(port: number, adapter: string, turns: number, concurrent: number, tokens: number) {
  const cpuBefore = await cpu(port);
  const began = performance.now();
  await run(port, adapter, turns, concurrent, tokens);
  const seconds = (performance.now() - began) / 1000;
  return { adapter, turnsPerSecond: turns / seconds, cpuPerTurn: ((await cpu(port)) - cpuBefore) / turns };
}

async function run(port: number, adapter: string, turns: number, concurrent: number, tokens: number): Promise<void> {
  let left = turns;
  const client = async () => {
    while (left-- > 0) {
      const text = await post(port, `/${adapter}`);
      const received = text.split('text-delta').length - 1;
      if (received !== tokens) throw new Error(`${adapter}: ${received} tokens instead of ${tokens}`);
    }
  };
  await Promise.all(Array.from({ length: concurrent }, client));
}

const agent = new http.Agent({ keepAlive: true });

function post(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Processor time of the relay so far, in ms. */
async function cpu(port: number): Promise<number> {
  const { user, system } = JSON.parse(await post(port, '/cpu'));
  return (user + system) / 1000;
}

function start(file: string, argument: string): Promise<{ process: ChildProcess; port: number }> {
  const child = fork(new URL(`./model-adapters/${file}`, import.meta.url), [argument]);
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ process: child, port: Number(port) }));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

if (import.meta.main) console.table(await measureModelAdapters());
