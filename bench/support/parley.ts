import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RAISED_LIMITS } from '../../test/support/raised-limits.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** Parley as its users run it: a process of its own, reached over HTTP. */
export type Parley = {
  url: string;
  pid: number;
  /** From the start of the process to the first 200 of `/ready`, ms. */
  readyAfter: number;
  /** Resident memory of the process now, bytes. */
  memory(): Promise<number>;
  /** Processor time so far, ms. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
};

export async function startParley(environment: Record<string, string>): Promise<Parley> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      MALLOC_ARENA_MAX: '2',
      LOG_LEVEL: 'warn',
      // For profiles: BENCH_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=/tmp/profile'.
      ...(process.env.BENCH_NODE_OPTIONS && { NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS }),
      PORT: String(port),
      UNPRICED_MODELS: 'allow',
      // One call for each turn, as the reference makes.
      CHAT_TITLES: 'question',
      ...RAISED_LIMITS,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const tellEnd = (code: number | null, signal: string | null) =>
    console.error(`Parley ended by itself: ${code ?? signal}`);
  child.on('exit', tellEnd);
  await untilReady(child, url);
  const readyAfter = performance.now() - began;
  const pid = child.pid ?? 0;
  const stop = async () => {
    child.off('exit', tellEnd);
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, pid, readyAfter, memory: () => residentBytes(pid), cpu: () => cpuTime(pid), stop };
}

export async function runCommand(args: readonly string[], environment: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: project,
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`parley ${args.join(' ')} ended with ${code}`);
}

/** An account of its own; returns its access token. */
export async function signUp(url: string, email = 'bench@example.com'): Promise<string> {
  const password = 'a long enough password';
  await post(url, '/v1/auth/register', null, { email, password });
  const login = await post<{ access_token: string }>(url, '/v1/auth/login', null, { email, password });
  return login.access_token;
}

export async function post<Answer>(url: string, path: string, token: string | null, body: unknown): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

export async function get<Answer>(url: string, path: string, token: string): Promise<Answer> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

const READY_TIMEOUT_MS = 60_000;

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Parley ended with ${child.exitCode} at its start.`);
    const ready = await fetch(`${url}/ready`).catch(() => null);
    if (ready?.ok) return;
    await setTimeout(10);
  }
  throw new Error('Parley was not ready in time.');
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

const TICKS_PER_SECOND = 100;

async function cpuTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
