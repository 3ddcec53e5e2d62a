import type { ChatModel } from '../../../ai/chat-model.ts';
import type { ModelRegistry } from '../../../ai/model-registry.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { isLockConflict, violatesUnique } from '../../../platform/database/failures.ts';
import { newId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type QuotaOf, type Tenant } from '../../tenancy/index.ts';
import type { RunTrace } from '../../usage/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnRun, assertOwnSession } from '../chat.policy.ts';
import type { Regeneration, RunView } from '../chat.schema.ts';
import type { ChatRulesOf } from '../chat-settings.ts';
import { type ExpiredSessions, lifetimeOf } from '../expired-sessions.ts';
import { readBranch } from '../message.store.ts';
import { type MessageView, messageView } from '../message.ts';
import { findSession } from '../session.store.ts';
import { assertUsableFormat } from './answer-format.ts';
import type { RunLimits } from './answering.ts';
import { assertUsableTools, withUsualTools } from './asked-tools.ts';
import { createBranches } from './branches.ts';
import { readEvents } from './event.store.ts';
import type { RunEvent } from './event.ts';
import { MOST_GIVEN_MESSAGES } from './model-context.ts';
import * as store from './run.store.ts';
import { cancelling, hasStopped, makeWay, readLogWithAnswers, runIsActive } from './run-again.ts';
import type { RunEngine } from './run-engine.ts';
import { isTerminal } from './run-machine.ts';
import { type RunInput, type RunTarget, runToSave } from './run-to-save.ts';
import type { ToolSource } from './run-tools.ts';
import { traceOf } from './run-trace.ts';
import { runView } from './run-view.ts';
import { createRunSaver } from './save-runs.ts';
import { claimAnswered, lockRun } from './tool-answer.store.ts';
import { createToolAnswers } from './tool-answers.ts';
import { visitorInput } from './visitor-input.ts';

export type RunService = ReturnType<typeof createRunService>;

/** A session that is made for a run. Its id is given where a dialect makes it from a name that clients choose. */
export type NewRunSession = { id?: string; metadata?: Record<string, unknown>; temporary?: boolean };

export type RunDetail = { run: RunView; request: store.RunRequest };

export type RunDependencies = {
  database: Database;
  engine: RunEngine;
  /** The models as a tenant sees them. */
  modelsOf(tenant: Tenant): Promise<ModelRegistry>;
  quotaOf: QuotaOf;
  clock: Clock;
  expiredSessions: ExpiredSessions;
  tools: ToolSource | null;
  limits: Partial<RunLimits>;
  rules: ChatRulesOf;
};

/** How often a question is begun anew in a session where others ask, and are answered, at the same time. */
const MOST_TRIES = 10;

export function createRunService(deps: RunDependencies) {
  const { database, engine, modelsOf, clock } = deps;
  const save = createRunSaver(deps);

  async function start(principal: Principal, target: RunTarget, given: RunInput): Promise<RunView> {
    const { tenant } = principal;
    const input = principal.visitor ? await visitorsRun(principal, target, given) : given;
    const model = resolveModel(await modelsOf(tenant), input.model ?? null, input.answer_format);
    await assertUsableTools(input, principal, deps);
    const rules = await deps.rules(tenant);
    const holder = await engine.holder(tenant);
    const asked = await withUsualTools(input, principal, deps.tools);
    const run = runToSave(principal, target, asked, { model, workerId: holder, rules });
    const retrieve = engine.openRetrieval(tenant, run.request.retrieval);
    const { row, history } = await save(tenant, run);
    // No row: there is no such session of this user.
    if (!row) assertOwnSession(principal, await inTenant(database, tenant, (trx) => findSession(trx, run.sessionId)));
    engine.begin(tenant, row as store.RunRow, { holder, firstLine: run.firstLine, history, retrieve });
    return runView(row as store.RunRow);
  }

  /** A visitor asks; all else is the tenant's to say. */
  async function visitorsRun(principal: Principal, { sessionId, newSession }: RunTarget, given: RunInput) {
    if (!newSession) {
      assertOwnSession(principal, await inTenant(database, principal.tenant, (trx) => findSession(trx, sessionId)));
    }
    return visitorInput(given);
  }

  /** A session of its own, made in the same transaction as the run. */
  function newSession(principal: Principal, { id, metadata = {}, temporary = false }: NewRunSession): RunTarget {
    const lifetime = lifetimeOf(principal, temporary);
    const begun = lifetime === null ? null : { expiresAt: new Date(clock.now().getTime() + lifetime), lifetime };
    return { sessionId: id ?? newId(), newSession: { metadata, expiresAt: null, ...begun } };
  }

  async function find(principal: Principal, id: string): Promise<store.RunRow> {
    const run = await inTenant(database, principal.tenant, (trx) => store.findRun(trx, id));
    assertOwnRun(principal, run);
    return run as store.RunRow;
  }

  /** Where a run that goes on from another one belongs, and what it must bring along there. */
  async function following(principal: Principal, runId: string, session: NewRunSession) {
    return inTenant(database, principal.tenant, async (trx) => {
      const run = await store.findRun(trx, runId);
      assertOwnRun(principal, run);
      const { session_id, message_id, parent_id } = run as store.RunRow;
      const place = await store.placeInSession(trx, run as store.RunRow);
      if (place.isLast && !place.isTemporary && !session.temporary) {
        return { target: { sessionId: session_id, newSession: null }, earlier: [] };
      }
      const answered = await readBranch(trx, session_id, message_id, MOST_GIVEN_MESSAGES);
      const isSilent = answered.length === 0 && parent_id !== null;
      const earlier = isSilent ? await readBranch(trx, session_id, parent_id, MOST_GIVEN_MESSAGES) : answered;
      return { target: newSession(principal, session), earlier };
    });
  }

  async function startIn(principal: Principal, sessionId: string, input: RunInput, tries = 1): Promise<RunView> {
    try {
      return await start(principal, { sessionId, newSession: null }, input);
    } catch (error) {
      await assertFree(principal.tenant, sessionId, error);
      if (tries === MOST_TRIES) throw chatErrors.runActive();
      return startIn(principal, sessionId, input, tries + 1);
    }
  }

  /** Whether a session that refused a run takes one by now, from whoever comes first. @throws what it refuses it for */
  async function assertFree(tenant: Tenant, sessionId: string, refusal: unknown): Promise<void> {
    // The run before it is just ending: each of the two has what the other waits for, and PostgreSQL let that one go on.
    if (isLockConflict(refusal)) return;
    if (!violatesUnique(refusal, 'run_one_unfinished')) throw refusal;
    const unfinished = await inTenant(database, tenant, (trx) => store.findUnfinishedRun(trx, sessionId));
    // It ended between the two statements, or was being stopped.
    const isFree = !unfinished || (await hasStopped(engine, tenant, unfinished));
    if (!isFree) throw await runIsActive(engine, tenant, unfinished);
  }

  const branches = createBranches({ ...deps, modelOf: resolveModel });

  return {
    ...createToolAnswers({ database, engine }),
    ...branches,

    /** Saves the question and begins to answer it, whether or not anyone waits for the answer.
     * @throws ApiError ERR_CHAT_005 where the session has an unfinished run, unless that is to be cancelled */
    async create(principal: Principal, sessionId: string, input: RunInput): Promise<RunView> {
      const cancel = this.cancelOf(principal, input);
      return cancelling(deps, principal, sessionId, { begin: () => startIn(principal, sessionId, input), cancel });
    },

    async regenerate(principal: Principal, sessionId: string, messageId: string, given: Regeneration) {
      const begin = () => branches.regenerate(principal, sessionId, messageId, given);
      return cancelling(deps, principal, sessionId, { begin, cancel: this.cancelOf(principal, given) });
    },

    async edit(principal: Principal, sessionId: string, messageId: string, given: Parameters<typeof branches.edit>[3]) {
      const begin = () => branches.edit(principal, sessionId, messageId, given);
      return cancelling(deps, principal, sessionId, { begin, cancel: this.cancelOf(principal, given) });
    },

    /** How a run that is in the way is cancelled; null where it is not to be. */
    cancelOf(principal: Principal, { cancel_active }: Pick<RunInput, 'cancel_active'>) {
      return cancel_active ? (runId: string) => this.cancel(principal, runId) : null;
    },

    /** The same in a session that is made for it. A temporary one is in no list and is deleted within some 25 hours. */
    async createInNewSession(principal: Principal, session: NewRunSession, input: RunInput): Promise<RunView> {
      try {
        return await start(principal, newSession(principal, session), input);
      } catch (error) {
        if (!session.id || !violatesUnique(error, 'session_pkey')) throw error;
        // Another request has just made it, with what was said before.
        const { earlier: _, ...question } = input;
        return this.create(principal, session.id, question);
      }
    },

    /**
     * Goes on from the answer of an earlier run: in its session where that answer is the last one, otherwise in a new
     * session with a copy of what was said until then, so that the earlier branch stays as it is.
     */
    async continueFrom(principal: Principal, runId: string, session: NewRunSession, input: RunInput): Promise<RunView> {
      const { target, earlier } = await following(principal, runId, session);
      const whole = { ...input, earlier: [...earlier, ...(input.earlier ?? [])] };
      return target.newSession ? start(principal, target, whole) : this.create(principal, target.sessionId, whole);
    },

    /** Ends a run that waits for its client, with `stop` any, and waits for one that is being stopped. False: one still
     * answers. */
    async makeWay(principal: Principal, sessionId: string, signal: AbortSignal, stop = false): Promise<boolean> {
      return makeWay(deps, principal, sessionId, { cancel: (runId) => this.cancel(principal, runId), stop, signal });
    },

    /** The events of a run so far; behind them what a client has answered and a waiting run has not taken up yet. */
    async log(principal: Principal, id: string): Promise<RunEvent[]> {
      await find(principal, id);
      return inTenant(database, principal.tenant, (trx) => readLogWithAnswers(trx, id));
    },

    async get(principal: Principal, id: string): Promise<RunView> {
      return runView(await find(principal, id));
    },

    /** A run with what was asked for, for dialects that say it again. */
    async detail(principal: Principal, id: string): Promise<RunDetail> {
      const row = await find(principal, id);
      return { run: runView(row), request: row.request };
    },

    /** What its events show of its calls to models, for the ledger; null when there is no such run. */
    async trace(tenant: Tenant, id: string): Promise<RunTrace | null> {
      return inTenant(database, tenant, async (trx) => {
        const run = await store.findRun(trx, id);
        return run ? traceOf(await readEvents(trx, id, 0, Number.MAX_SAFE_INTEGER), isTerminal(run.status)) : null;
      });
    },

    /** The messages that came with the run, oldest first; the last one is the question. */
    async inputs(principal: Principal, id: string): Promise<MessageView[]> {
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        const run = await store.findRun(trx, id);
        assertOwnRun(principal, run);
        return store.readInputs(trx, run as store.RunRow);
      });
      return rows.map(messageView);
    },

    /** Deletes a run with its messages; its session, too, when nothing is left in it. Stops it when it is unfinished. */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        const run = await lockRun(trx, id);
        assertOwnRun(principal, run);
        await store.deleteRun(trx, run as store.RunRow);
      });
      await engine.drop([id]);
    },

    /** Whether the run has ended and has no event behind `after`: there is nothing to follow, now or later. */
    async isOver(principal: Principal, id: string, after: number): Promise<boolean> {
      if (after === 0 || engine.held(principal.tenant, id)) return false;
      const { status, last_seq } = await find(principal, id);
      return isTerminal(status) && last_seq <= after;
    },

    /** The run's events behind `after`: what is there now, and then each as it comes. */
    async follow(principal: Principal, id: string, after: number, signal: AbortSignal) {
      const held = engine.held(principal.tenant, id);
      if (held) assertOwnRun(principal, held);
      else await find(principal, id);
      return engine.follow(principal.tenant, id, after, signal);
    },

    /** Asks a run to stop. What was said so far is kept. Asking twice is as good as once. */
    async cancel(principal: Principal, id: string): Promise<RunView> {
      const { tenant } = principal;
      const owner = await engine.holder(tenant);
      const { run, claimed } = await inTenant(database, tenant, async (trx) => {
        const found = await store.findRun(trx, id);
        assertOwnRun(principal, found);
        await store.requestCancel(trx, id);
        // Nobody holds a run that waits: it is taken up to be ended.
        return { run: found as store.RunRow, claimed: await claimAnswered(trx, id, owner) };
      });
      if (claimed) engine.resume(tenant, claimed, owner);
      else if (!isTerminal(run.status)) engine.cancel(id);
      return runView(claimed ?? run);
    },
  };
}

/** The model's id. @throws ApiError ERR_CHAT_006; ERR_CHAT_011 and ERR_REQUEST_002 for a format that cannot be had */
function resolveModel(models: ModelRegistry, name: string | null, format: RunInput['answer_format']): string {
  const model = modelOf(models, name);
  if (format) assertUsableFormat(format, model);
  return model.id;
}

function modelOf(models: ModelRegistry, name: string | null): ChatModel {
  try {
    return models.resolve(name);
  } catch (error) {
    const detail = error instanceof Error ? error.message : undefined;
    throw chatErrors.modelUnknown(detail, { fields: [{ field: 'model', message: detail ?? 'is not known' }] });
  }
}
