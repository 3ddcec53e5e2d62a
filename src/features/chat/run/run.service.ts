import type { ModelRegistry } from '../../../ai/model-registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnRun, assertOwnSession } from '../chat.policy.ts';
import type { NewRun, RunView } from '../chat.schema.ts';
import { contentOf, type TextPart } from '../message.ts';
import { findSession } from '../session.store.ts';
import { type EventLine, eventLine } from './event.ts';
import * as store from './run.store.ts';
import type { RunEngine } from './run-engine.ts';
import { isTerminal } from './run-machine.ts';

const HISTORY_MESSAGES = 50;
const TITLE_LENGTH = 60;

export type RunService = ReturnType<typeof createRunService>;

export function createRunService(deps: { database: Database; engine: RunEngine; models: ModelRegistry }) {
  const { database, engine, models } = deps;

  async function save(principal: Principal, sessionId: string, input: NewRun) {
    const run = await newRun(principal, sessionId, input);
    return inTenant(database, principal.tenant, async (trx) => {
      const [row, history] = await Promise.all([
        store.insertRun(trx, { ...run, firstEvent: run.firstLine.json }),
        store.readHistory(trx, sessionId, HISTORY_MESSAGES),
      ]);
      if (!row) assertOwnSession(principal, await findSession(trx, sessionId));
      return { row: row as store.RunRow, history, firstLine: run.firstLine };
    });
  }

  async function newRun(principal: Principal, sessionId: string, input: NewRun) {
    const parts: TextPart[] = typeof input.input === 'string' ? [{ type: 'text', text: input.input }] : input.input;
    const model = resolveModel(models, input.model ?? null);
    const [id, inputId, messageId] = [newId(), newId(), newId()];
    const event = { type: 'run-start', session_id: sessionId, message_id: messageId, model, attempt: 1 } as const;
    return {
      id,
      inputId,
      messageId,
      sessionId,
      userId: principal.userId,
      workerId: await engine.holder(principal.tenant),
      model,
      inputParts: parts,
      title: titleFrom(contentOf(parts)),
      request: requestOf(input),
      firstLine: eventLine(1, event) as EventLine,
    };
  }

  async function find(principal: Principal, id: string): Promise<store.RunRow> {
    const run = await inTenant(database, principal.tenant, (trx) => store.findRun(trx, id));
    assertOwnRun(principal, run);
    return run as store.RunRow;
  }

  return {
    /** Saves the question and begins to answer it, whether or not anyone waits for the answer. */
    async create(principal: Principal, sessionId: string, input: NewRun): Promise<RunView> {
      try {
        const { row, history, firstLine } = await save(principal, sessionId, input);
        engine.begin(principal.tenant, row, firstLine, history);
        return runView(row);
      } catch (error) {
        if (!violatesUnique(error, 'run_one_unfinished')) throw error;
        const runId = await inTenant(database, principal.tenant, (trx) => store.findUnfinishedRun(trx, sessionId));
        throw chatErrors.runActive(undefined, { extensions: { run_id: runId } });
      }
    },

    async get(principal: Principal, id: string): Promise<RunView> {
      return runView(await find(principal, id));
    },

    /** The run's events behind `after`: what is there now, and then each as it comes. */
    async follow(principal: Principal, id: string, after: number, signal: AbortSignal) {
      await find(principal, id);
      return engine.follow(principal.tenant, id, after, signal);
    },

    /** Asks a run to stop. What was said so far is kept. Asking twice is as good as once. */
    async cancel(principal: Principal, id: string): Promise<RunView> {
      const run = await inTenant(database, principal.tenant, async (trx) => {
        const found = await store.findRun(trx, id);
        assertOwnRun(principal, found);
        await store.requestCancel(trx, id);
        return found as store.RunRow;
      });
      if (!isTerminal(run.status)) engine.cancel(id);
      return runView(run);
    },
  };
}

function resolveModel(models: ModelRegistry, name: string | null): string {
  try {
    return models.resolve(name).id;
  } catch (error) {
    const detail = error instanceof Error ? error.message : undefined;
    throw chatErrors.modelUnknown(detail, { fields: [{ field: 'model', message: detail ?? 'is not known' }] });
  }
}

function requestOf(input: NewRun): store.RunRequest {
  return {
    instructions: input.instructions ?? null,
    retrieval: {
      mode: input.retrieval?.mode ?? 'auto',
      top_k: input.retrieval?.top_k ?? null,
      filter: input.retrieval?.filter ?? null,
    },
    max_output_tokens: input.max_output_tokens ?? null,
    temperature: input.temperature ?? null,
    metadata: input.metadata ?? {},
  };
}

/** The first line of the first question, cut at a word. */
function titleFrom(content: string): string {
  const line = content.trim().split('\n', 1)[0]?.replace(/\s+/g, ' ') ?? '';
  if (line.length <= TITLE_LENGTH) return line;
  const cut = line.slice(0, TITLE_LENGTH);
  const space = cut.lastIndexOf(' ');
  return `${(space > TITLE_LENGTH / 2 ? cut.slice(0, space) : cut).toWellFormed().trimEnd()}…`;
}

function runView(row: store.RunRow): RunView {
  const { request, user_id: _, cancel_requested_at: __, created_at, started_at, ended_at, ...rest } = row;
  return {
    ...rest,
    metadata: request.metadata,
    created_at: created_at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
  };
}
