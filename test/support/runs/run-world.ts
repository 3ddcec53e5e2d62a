import { expect } from 'vitest';
import type { Chat, LoggedEvent, RunTool, ToolSource } from '../../../src/features/chat/index.ts';
import type { Principal } from '../../../src/features/identity/index.ts';
import { inTenant } from '../../../src/features/tenancy/index.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { DictatedAnswer, dictatedModel } from './dictated-answers.ts';
import { startRunWorker } from './run-worker.ts';
import { type SeverableDatabase, severable } from './severable-database.ts';

export type WorldWorker = { chat: Chat; line: SeverableDatabase };
export type WorldRun = { id: string; sessionId: string; answer: DictatedAnswer; cancelled: boolean; calls: string[] };
/** Somebody who follows a run: `position` is the last event that was received. */
export type WorldClient = { run: WorldRun; position: number; leave: AbortController; over: Promise<void> };

/** How long the end of all runs may take on a busy machine, ms. */
const SETTLE_MS = 20_000;

/** A tool of the program with an effect, which is counted by the key that the model gives it. */
function countingTool(effects: Map<string, number>): RunTool {
  return {
    name: 'act',
    description: 'Acts once.',
    inputSchema: { type: 'object' },
    effects: true,
    timeoutMs: 10_000,
    metric: 'act',
    run: async (input) => {
      const { key } = input as { key: string };
      effects.set(key, (effects.get(key) ?? 0) + 1);
      // Long enough for a crash in the middle of it.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return 'done';
    },
  };
}

/** Workers over one database, the runs that they were asked for and the clients that follow them, with what must hold. */
export class RunWorld {
  readonly workers: WorldWorker[] = [];
  readonly runs: WorldRun[] = [];
  readonly clients: WorldClient[] = [];
  readonly effects = new Map<string, number>();
  readonly database: Database;
  readonly #principal: Principal;
  readonly #sessions: string[] = [];
  readonly #answers = new Map<string, DictatedAnswer>();
  /** What clients were sent: by run, then by seq. */
  readonly #sent = new Map<string, Map<number, string>>();
  #faults: unknown[] = [];

  constructor(database: Database, principal: Principal) {
    this.database = database;
    this.#principal = principal;
  }

  async startWorker(): Promise<WorldWorker> {
    const line = severable(this.database);
    const tool = countingTool(this.effects);
    const tools: ToolSource = { fault: async () => null, open: async () => [tool] };
    const chat = await startRunWorker(line.database, dictatedModel(this.#answers), { tools });
    const worker = { chat, line };
    this.workers.push(worker);
    return worker;
  }

  async openSessions(count: number): Promise<void> {
    const { chat } = await this.anyWorker();
    for (let index = 0; index < count; index += 1) {
      this.#sessions.push((await chat.sessions.create(this.#principal, {})).id);
    }
  }

  get openWorkers(): WorldWorker[] {
    return this.workers.filter(({ line }) => line.state === 'open');
  }

  async anyWorker(choice = 0): Promise<WorldWorker> {
    const open = this.openWorkers;
    return open[choice % Math.max(open.length, 1)] ?? this.startWorker();
  }

  /** Asks in a session. Refused where one of its runs is unfinished, with that run's id. */
  async ask(sessionChoice: number, workerChoice: number): Promise<void> {
    const sessionId = this.#sessions[sessionChoice % this.#sessions.length] ?? '';
    const { chat } = await this.anyWorker(workerChoice);
    const before = this.runs.findLast((run) => run.sessionId === sessionId);
    const mustRefuse = before !== undefined && !before.cancelled && !before.answer.ended;
    const question = `q${this.runs.length}`;
    const answer = new DictatedAnswer(question);
    this.#answers.set(question, answer);
    const tools = [{ type: 'function', name: 'client' } as const, { type: 'search_documents' } as const];
    const asked = chat.runs.create(this.#principal, sessionId, { input: question, tools });
    const outcome = await asked.then(
      ({ id }) => ({ id }),
      (error: { options?: { extensions?: { run_id?: string } } }) => ({
        refusedFor: error.options?.extensions?.run_id,
      }),
    );
    if ('id' in outcome) {
      expect(mustRefuse, 'a second unfinished run of a session').toBe(false);
      this.runs.push({ id: outcome.id, sessionId, answer, cancelled: false, calls: [] });
    } else expect(outcome.refusedFor, 'refused for the run that is unfinished').toBe(before?.id);
  }

  async cancel(run: WorldRun, workerChoice: number): Promise<void> {
    const { chat } = await this.anyWorker(workerChoice);
    await chat.runs.cancel(this.#principal, run.id);
    run.cancelled = true;
  }

  /** Answers the calls of a run's client tool; an answer that is given again must be as good as once. */
  async answerCalls(run: WorldRun, workerChoice: number): Promise<void> {
    const { chat } = await this.anyWorker(workerChoice);
    const { waiting_for } = await chat.runs.get(this.#principal, run.id);
    const waiting = waiting_for?.tool_calls ?? [];
    if (waiting.length === 0) return;
    const outputs = waiting.map((call) => ({ tool_call_id: (call as { id: string }).id, output: 'answered' }));
    // Another client may have cancelled it, or been faster.
    for (let twice = 0; twice < 2; twice += 1) {
      await chat.runs.submitToolOutputs(this.#principal, run.id, outputs).catch((error: { definition?: unknown }) => {
        if (!error.definition) throw error;
      });
    }
  }

  /** Follows a run from behind an event that was seen before. */
  async follow(run: WorldRun, after: number, workerChoice: number): Promise<void> {
    const { chat } = await this.anyWorker(workerChoice);
    const leave = new AbortController();
    const client: WorldClient = { run, position: after, leave, over: Promise.resolve() };
    const batches = await chat.runs.follow(this.#principal, run.id, after, leave.signal);
    client.over = this.#read(client, batches, leave.signal).catch((error: unknown) => {
      this.#faults.push(error);
    });
    this.clients.push(client);
  }

  /** Until the end, or the signal: what still comes behind that goes to nobody, since the client has come back by another way. */
  async #read(
    client: WorldClient,
    batches: AsyncIterable<readonly { seq: number; json: string }[]>,
    left: AbortSignal,
  ): Promise<void> {
    const sent = this.#sent.get(client.run.id) ?? new Map<number, string>();
    this.#sent.set(client.run.id, sent);
    for await (const lines of batches) {
      if (left.aborted) return;
      for (const { seq, json } of lines) {
        expect(seq, 'events come one after the other').toBe(client.position + 1);
        expect(sent.get(seq) ?? json, 'an event is the same for everybody').toBe(json);
        sent.set(seq, json);
        client.position = seq;
      }
      expect(await this.#lastSeq(client.run.id), 'nothing is sent before it is durable').toBeGreaterThanOrEqual(
        client.position,
      );
    }
  }

  async #lastSeq(runId: string): Promise<number> {
    const row = await inTenant(this.database, this.#principal.tenant, (trx) =>
      trx.selectFrom('run').select('last_seq').where('id', '=', runId).executeTakeFirstOrThrow(),
    );
    return row.last_seq;
  }

  async #states() {
    return inTenant(this.database, this.#principal.tenant, (trx) =>
      trx.selectFrom('run').select(['id', 'status', 'last_seq', 'lost_workers']).execute(),
    );
  }

  /** Lets everything end, and checks what must hold of it. */
  async settle(): Promise<void> {
    for (const { line } of this.workers) line.release();
    await this.anyWorker();
    for (const { answer } of this.runs) if (!answer.ended) answer.stop();
    const ids = new Set(this.runs.map(({ id }) => id));
    const unfinished = async () => {
      const states = (await this.#states()).filter(({ id }) => ids.has(id));
      for (const run of this.runs) {
        if (states.some(({ id, status }) => id === run.id && status === 'waiting')) await this.answerCalls(run, 0);
      }
      return states.filter(({ status }) => !['completed', 'failed', 'cancelled'].includes(status));
    };
    await expect.poll(unfinished, { timeout: SETTLE_MS, interval: 20, message: 'every run ends' }).toEqual([]);
    for (const run of this.runs) await this.#check(run);
    await this.#checkClients();
    expect(this.#faults).toEqual([]);
    for (const [key, times] of this.effects) expect(times, `the effect of ${key} happens once`).toBe(1);
  }

  async #check(run: WorldRun): Promise<void> {
    const { chat } = await this.anyWorker();
    const log: LoggedEvent[] = [];
    const signal = new AbortController().signal;
    for await (const lines of await chat.runs.follow(this.#principal, run.id, 0, signal)) {
      log.push(...lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
    }
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.map(({ type }, index) => (type === 'run-end' ? index : null)).filter((at) => at !== null)).toEqual([
      log.length - 1,
    ]);
    const { status, last_seq } = await chat.runs.get(this.#principal, run.id);
    const end = log.at(-1);
    expect(end).toMatchObject({ type: 'run-end', status });
    expect(last_seq).toBe(log.length);
    for (const [seq, json] of this.#sent.get(run.id) ?? []) {
      expect(log[seq - 1], 'what a client was sent stays').toEqual(JSON.parse(json));
    }
    const said = saidIn(log);
    const dictated = run.answer.steps.flatMap(({ tokens }) => tokens).join('');
    if (status === 'completed') expect(said).toBe(dictated);
    else expect(dictated.startsWith(said), `${said} is how ${dictated} begins`).toBe(true);
    const { data } = await chat.sessions.messages(this.#principal, run.sessionId, { limit: 100 });
    const kept = data.find(({ run_id, role }) => run_id === run.id && role === 'assistant');
    expect(kept?.content ?? '').toBe(said);
    const results = log.flatMap((event) => (event.type === 'tool-result' ? [event.tool_call_id] : []));
    expect(new Set(results).size, 'a call has one result').toBe(results.length);
  }

  /** Who still follows is told the end; who was left by a killed worker comes back. */
  async #checkClients(): Promise<void> {
    const { chat } = await this.anyWorker();
    for (const client of this.clients) {
      client.leave.abort();
      const signal = new AbortController().signal;
      const rest = await chat.runs.follow(this.#principal, client.run.id, client.position, signal);
      await this.#read(client, rest, signal);
    }
    for (const client of this.clients) {
      expect(client.position, 'a client that comes back gets all').toBe(await this.#lastSeq(client.run.id));
    }
  }

  async close(): Promise<void> {
    for (const { leave } of this.clients) leave.abort();
    for (const { chat, line } of this.workers) if (line.state === 'open') await chat.engine.stop(0);
  }
}

/** The text of a log, without what a reset has dropped. */
export function saidIn(log: readonly LoggedEvent[]): string {
  const parts = new Map<string, string>();
  for (const event of log) {
    if (event.type === 'text-start') expect(parts.has(event.part_id), 'a part begins once').toBe(false);
    if (event.type === 'text-start' || event.type === 'text-reset') parts.set(event.part_id, '');
    if (event.type === 'text-delta') parts.set(event.part_id, (parts.get(event.part_id) ?? '') + event.delta);
  }
  return [...parts.values()].join('');
}
