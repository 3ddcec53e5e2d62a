import { setTimeout } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect } from 'vitest';
import { type FakeUpstream, fakeUpstream, type SeenRequest } from '../../../src/ai/http/fake-upstream.ts';
import type { StreamedEvent } from '../api-client.ts';
import { type ParleyProcess, startParley } from '../parley-process.ts';

/** Where in an answer the kill comes. */
export const PHASES = [
  'before the first token',
  'during the answer',
  'during a tool call',
  'during the final write',
] as const;
export type Phase = (typeof PHASES)[number];

const WORDS = Array.from({ length: 30 }, (_, index) => `w${index} `);
const WHOLE = WORDS.join('');
/** Between two words of the upstream, ms. */
const PACE_MS = 4;
/** From the end of a dead process's lease to the end of its runs, ms. */
const TERMINAL_MS = 10_000;
/** What a machine adds that is busy with other suites, ms. */
const BUSY_MS = 60_000;

/** Small, fast and the same for the same seed (Mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type RunState = { status: string; waiting_for: { tool_calls: { id: string }[] } | null };

/** What the upstream has done for each question so far, by its name. */
type Progress = { asked: number; words: number; ended: number };

/** A model that says thirty words at a pace, first calls a tool where the question says so, and goes on where a text ends. */
export async function wordyUpstream(): Promise<{ upstream: FakeUpstream; progress(question: string): Progress }> {
  const all = new Map<string, Progress>();
  const progress = (question: string): Progress => {
    const known = all.get(question) ?? { asked: 0, words: 0, ended: 0 };
    all.set(question, known);
    return known;
  };
  const upstream = await fakeUpstream(async (response, { body, abandoned }: SeenRequest) => {
    const messages = body.messages as { role: string; content: unknown }[];
    const question = String(messages.findLast(({ role }) => role === 'user')?.content).match(/question-\S+/)?.[0] ?? '';
    const own = progress(question);
    own.asked += 1;
    let gone = false;
    void abandoned.then(() => (gone = true));
    const send = (choice: object) =>
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (question.includes('tool') && !messages.some(({ role }) => role === 'tool')) {
      const call = {
        index: 0,
        id: 'call_1',
        type: 'function',
        function: { name: 'look', arguments: '{}' },
      };
      send({ delta: { tool_calls: [call] }, finish_reason: null });
      send({ delta: {}, finish_reason: 'tool_calls' });
    } else {
      for (const word of WORDS.slice(wordsSaidIn(messages))) {
        if (gone) return;
        send({ delta: { content: word }, finish_reason: null });
        own.words += 1;
        await setTimeout(PACE_MS);
      }
      send({ delta: {}, finish_reason: 'stop' });
      own.ended += 1;
    }
    response.end('data: [DONE]\n\n');
  });
  return { upstream, progress };
}

function wordsSaidIn(messages: readonly { role: string; content: unknown }[]): number {
  const said = messages
    .filter(({ role }) => role === 'assistant')
    .map(({ content }) => String(content ?? ''))
    .join('');
  return WORDS.findLastIndex((word) => said.includes(word.trim()) && said.includes(word.trimEnd())) + 1;
}

/** A server that is killed over and over, and what its clients were told. */
export class KillDrill {
  readonly #settings: Record<string, string>;
  readonly #random: () => number;
  readonly #progress: (question: string) => Progress;
  readonly replicas: { process: ParleyProcess; address: string }[] = [];
  token = '';
  #questions = 0;
  /** From each kill to the end of all its runs, ms. */
  readonly recoveries: number[] = [];

  constructor(settings: Record<string, string>, seed: number, progress: (question: string) => Progress) {
    this.#settings = settings;
    this.#random = seededRandom(seed);
    this.#progress = progress;
  }

  async startReplica(): Promise<ParleyProcess> {
    const process = startParley(this.#settings);
    this.replicas.push({ process, address: await process.address() });
    return process;
  }

  async login(credential: { email: string; password: string }): Promise<void> {
    const answer = await this.#call<{ access_token: string }>('POST', '/v1/auth/login', credential);
    this.token = answer.access_token;
  }

  async #call<Answer>(method: string, path: string, body?: object, address = this.#address()): Promise<Answer> {
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Answer;
  }

  #address(): string {
    return this.replicas.at(-1)?.address ?? '';
  }

  /**
   * Begins answers, one of them to be in the given phase, kills the process that works on them, and has their clients come back.
   * `alone`: no other process is there; the next one is started after the kill.
   */
  async killIn(phase: Phase, { alone, leaseMs }: { alone: boolean; leaseMs: number }): Promise<void> {
    const victim = this.replicas.shift();
    if (!victim) throw new Error('There is nobody to kill.');
    const kinds = [phase, ...PHASES.filter((one) => one !== phase)].slice(0, 3);
    const runs = await Promise.all(kinds.map((kind) => this.#begin(kind, victim.address)));
    const clients = runs.map((run) => this.#follow(run.id, victim.address));
    await this.#reached(phase, runs[0]?.question ?? '');
    await setTimeout(this.#random() * 25);
    await victim.process.kill();
    const killed = performance.now();
    const next = this.startReplica();
    if (alone) await next;
    // Alone, nobody can take over before the next process is there; otherwise nobody may before the lease has ended.
    const free = alone ? performance.now() : killed + leaseMs;
    await Promise.all(runs.map((run) => this.#untilTerminal(run.id, free)));
    this.recoveries.push(performance.now() - free);
    for (const [index, run] of runs.entries())
      check(await (clients[index] as Promise<StreamedEvent[]>), await this.#log(run.id));
    await next;
  }

  async #begin(kind: Phase, address: string): Promise<{ id: string; question: string }> {
    this.#questions += 1;
    const tool = kind === 'during a tool call';
    const question = `question-${this.#questions}${tool ? '-tool' : ''}`;
    const session = await this.#call<{ id: string }>('POST', '/v1/sessions', {}, address);
    const input = {
      input: question,
      retrieval: { mode: 'off' },
      // What earlier answers said must not come along: the upstream tells questions apart by their words.
      memory: { mode: 'off' },
      ...(tool && { tools: [{ type: 'function', name: 'look' }] }),
    };
    const { id } = await this.#call<{ id: string }>('POST', `/v1/sessions/${session.id}/runs`, input, address);
    return { id, question };
  }

  async #reached(phase: Phase, question: string): Promise<void> {
    const some = Math.floor(this.#random() * WORDS.length * 0.8);
    const done = (): boolean => {
      const { asked, words, ended } = this.#progress(question);
      if (phase === 'before the first token') return asked > 0;
      if (phase === 'during the answer') return words > some;
      return phase === 'during a tool call' ? asked > 0 : ended > 0;
    };
    await expect.poll(done, { interval: 1, timeout: 120_000 }).toBe(true);
  }

  /** All that a client was sent; it comes back, to whoever is there, from the last event that it saw. */
  async #follow(runId: string, first: string): Promise<StreamedEvent[]> {
    const events: StreamedEvent[] = [];
    let address = first;
    while (events.at(-1)?.type !== 'run-end') {
      const after = events.at(-1)?.seq ?? 0;
      const response = await fetch(`${address}/v1/runs/${runId}/events?after=${after}`, {
        headers: { authorization: `Bearer ${this.token}` },
      }).catch(() => null);
      if (response && !response.ok) throw new Error(`The events of a run: ${response.status} ${await response.text()}`);
      const messages = response?.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
      try {
        for await (const { data } of messages ?? []) events.push(JSON.parse(data) as StreamedEvent);
      } catch {
        // Its server died.
      }
      if (!response) await setTimeout(50);
      address = this.replicas.at(-1)?.address ?? address;
    }
    return events;
  }

  async #untilTerminal(runId: string, free: number): Promise<void> {
    const ended = async () => {
      const run = await this.#call<RunState>('GET', `/v1/runs/${runId}`);
      // It waits for its client, whoever held it before: that client answers now.
      const outputs = run.waiting_for?.tool_calls.map(({ id }) => ({ tool_call_id: id, output: 'seen' })) ?? [];
      if (outputs.length > 0) await this.#call('POST', `/v1/runs/${runId}/tool-outputs`, { tool_outputs: outputs });
      return run.status;
    };
    const timeout = free + TERMINAL_MS + BUSY_MS - performance.now();
    await expect
      .poll(ended, { timeout, interval: 50, message: 'ends after the lease of its worker' })
      .toBe('completed');
  }

  async #log(runId: string): Promise<StreamedEvent[]> {
    return this.#follow(runId, this.#address());
  }

  async close(): Promise<void> {
    for (const { process } of this.replicas) await process.kill();
  }
}

/** Nothing that a client was sent is lost or doubled, and the answer is whole. */
function check(sent: readonly StreamedEvent[], log: readonly StreamedEvent[]): void {
  expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
  expect(sent).toEqual(log);
  expect(log.filter(({ type }) => type === 'run-end')).toMatchObject([{ status: 'completed' }]);
  expect(log.at(-1)?.type).toBe('run-end');
  const texts = new Map<string, string>();
  for (const { type, part_id, delta } of log) {
    const part = String(part_id);
    if (type === 'text-start' || type === 'text-reset') texts.set(part, '');
    if (type === 'text-delta') texts.set(part, (texts.get(part) ?? '') + String(delta));
  }
  expect([...texts.values()].join('')).toBe(WHOLE);
  const results = log.filter(({ type }) => type === 'tool-result').map(({ tool_call_id }) => tool_call_id);
  expect(new Set(results).size).toBe(results.length);
}
