import type { ModelRegistry } from '../../../ai/model-registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { lockSession, turnTo } from '../branch.store.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnSession } from '../chat.policy.ts';
import type { NewRun, Regeneration, RunView } from '../chat.schema.ts';
import type { ChatRulesOf } from '../chat-settings.ts';
import { findMessage, type MessageRow } from '../message.store.ts';
import type { InputPart, MessagePart } from '../message.ts';
import { findSession } from '../session.store.ts';
import type { RunLimits } from './answering.ts';
import { assertUsableTools, withUsualTools } from './asked-tools.ts';
import { historyLimit } from './model-context.ts';
import * as store from './run.store.ts';
import { hasStopped, runIsActive } from './run-again.ts';
import type { RunEngine } from './run-engine.ts';
import { type RunInput, type RunToSave, runToSave } from './run-to-save.ts';
import type { ToolSource } from './run-tools.ts';
import { runView } from './run-view.ts';
import { visitorInput } from './visitor-input.ts';

type BranchDependencies = {
  database: Database;
  engine: RunEngine;
  /** The models as a tenant sees them. */
  modelsOf(tenant: Tenant): Promise<ModelRegistry>;
  /** The id of a model. @throws ApiError ERR_CHAT_006 */
  modelOf(models: ModelRegistry, name: string | null, format: RunInput['answer_format']): string;
  tools: ToolSource | null;
  limits: Partial<RunLimits>;
  rules: ChatRulesOf;
};

/** Runs on new branches: another answer to a question, another question in its place. */
export function createBranches(deps: BranchDependencies) {
  const { database, engine } = deps;

  async function branchOff(
    principal: Principal,
    sessionId: string,
    endId: string | null,
    given: RunInput,
  ): Promise<RunView> {
    const { tenant } = principal;
    const model = deps.modelOf(await deps.modelsOf(tenant), given.model ?? null, given.answer_format);
    await assertUsableTools(given, principal, deps);
    const rules = await deps.rules(tenant);
    const workerId = await engine.holder(tenant);
    const input = await withUsualTools(given, principal, deps.tools);
    const run = runToSave(principal, { sessionId, newSession: null }, input, { model, workerId, rules });
    return runView(await beginBranch(deps, principal, endId, run));
  }

  /** As it was asked for before, its model, too, while that is still there; then what is given now. A visitor chooses nothing. */
  async function asked(principal: Principal, former: store.RunRow | null, given: RunInput): Promise<RunInput> {
    if (principal.visitor) return visitorInput(given);
    if (!former) return given;
    const models = await deps.modelsOf(principal.tenant);
    return { ...inputOf(former), ...(isThere(models, former.model) && { model: former.model }), ...given };
  }

  return {
    /**
     * Answers a message of the user once more, on a branch of its own: what was said after it stays, on its branch.
     * @throws ApiError ERR_CHAT_001, 002, 005, 006, 008, 021
     */
    async again(
      principal: Principal,
      sessionId: string,
      messageId: string,
      input: Omit<RunInput, 'input'>,
    ): Promise<RunView> {
      const { question } = await findQuestion(database, principal, sessionId, messageId);
      return branchOff(principal, sessionId, question.id, await asked(principal, null, { ...input, input: null }));
    },

    /** The same for an answer or its question, asked for as it was before unless `given` says otherwise. */
    async regenerate(
      principal: Principal,
      sessionId: string,
      messageId: string,
      given: Regeneration,
    ): Promise<RunView> {
      const { question, former } = await findQuestion(database, principal, sessionId, messageId);
      return branchOff(principal, sessionId, question.id, await asked(principal, former, { ...given, input: null }));
    },

    /** The id of a question that a dialect's client knows by a name of its own; null for one that was not asked so. */
    async questionNamed(principal: Principal, sessionId: string, name: string): Promise<string | null> {
      return inTenant(database, principal.tenant, async (trx) => {
        assertOwnSession(principal, await findSession(trx, sessionId));
        return store.findQuestionNamed(trx, sessionId, name);
      });
    },

    /**
     * Asks something else in the place of a message of the user, on a branch of its own; asked for as before unless `given`
     * says otherwise. Files and quotes of the message stay with it.
     * @throws ApiError ERR_CHAT_001, 002, 005, 006, 008, 021
     */
    async edit(
      principal: Principal,
      sessionId: string,
      messageId: string,
      given: NewRun & Pick<RunInput, 'dialect'>,
    ): Promise<RunView> {
      const { message, former } = await findQuestion(database, principal, sessionId, messageId);
      if (message.role !== 'user') throw chatErrors.notAQuestion();
      const input = editedParts(given.input, message.parts);
      return branchOff(principal, sessionId, message.parent_id, await asked(principal, former, { ...given, input }));
    },
  };
}

/** What is answered anew, and what was asked for when it was answered before; `former` is null where no run is left. */
type Former = { message: MessageRow; question: MessageRow; former: store.RunRow | null };

/** The message of the user that a message is, or answers. @throws ApiError ERR_CHAT_001, 002, 008, 021 */
async function findQuestion(
  database: Database,
  principal: Principal,
  sessionId: string,
  messageId: string,
): Promise<Former> {
  return inTenant(database, principal.tenant, async (trx) => {
    assertOwnSession(principal, await findSession(trx, sessionId));
    await lockSession(trx, sessionId);
    const message = await findMessage(trx, sessionId, messageId);
    if (!message) throw chatErrors.messageNotFound();
    const before = message.parent_id && (await findMessage(trx, sessionId, message.parent_id));
    const asked = message.role === 'user' ? message : before || null;
    // An answer may follow what a client's tool gave.
    if (asked?.role !== 'user' && asked?.role !== 'tool') throw chatErrors.notAQuestion();
    const former = message.run_id === null ? undefined : await store.findRun(trx, message.run_id);
    return { message, question: asked, former: former ?? null };
  });
}

/**
 * Begins a run on a branch of its own, behind the message `endId` (null: at the beginning of the session). The branch that
 * was current stays as it is, and the new one is current from now on.
 */
async function beginBranch(
  { database, engine }: Pick<BranchDependencies, 'database' | 'engine'>,
  principal: Principal,
  endId: string | null,
  { firstLine, ...run }: RunToSave,
): Promise<store.RunRow> {
  const { tenant } = principal;
  const { sessionId } = run;
  const retrieve = engine.openRetrieval(tenant, run.request.retrieval);
  const { row, history, unfinished } = await inTenant(database, tenant, async (trx) => {
    assertOwnSession(principal, await findSession(trx, sessionId));
    await lockSession(trx, sessionId);
    const other = await store.findUnfinishedRun(trx, sessionId);
    if (other) return { unfinished: other, row: null, history: [] };
    if (endId !== null && !(await findMessage(trx, sessionId, endId))) throw chatErrors.messageNotFound();
    await turnTo(trx, sessionId, endId);
    await trx.executeQuery(findByKeys);
    const { rows } = await trx.executeQuery(store.insertRuns([{ ...run, firstEvent: firstLine.json }]));
    const history = await store.readHistory(trx, sessionId, historyLimit(run.request));
    return { row: rows[0] as store.RunRow, history, unfinished: null };
  });
  if (unfinished) {
    if (await hasStopped(engine, tenant, unfinished))
      return beginBranch({ database, engine }, principal, endId, { firstLine, ...run });
    throw await runIsActive(engine, tenant, unfinished);
  }
  engine.begin(tenant, row, { holder: run.workerId, firstLine, history, retrieve });
  return row;
}

/** What a run was asked for, to ask for it again. Nothing that its asker may not say: the tenant's part comes anew. */
function inputOf({ request }: store.RunRow): Omit<RunInput, 'input' | 'model'> {
  const { instructions, retrieval, memory, tools, stop } = request;
  const { mode, top_k, filter } = retrieval;
  return {
    ...(instructions !== null && { instructions }),
    retrieval: { mode, ...(top_k !== null && { top_k }), ...(filter && { filter: filter as NewRunFilter }) },
    memory: memory ? { mode: 'on', ...memory } : { mode: 'off' },
    ...(request.max_output_tokens !== null && { max_output_tokens: request.max_output_tokens }),
    ...(request.temperature !== null && { temperature: request.temperature }),
    ...(stop && { stop: [...stop] }),
    ...(request.answer_format && { answer_format: request.answer_format as NonNullable<RunInput['answer_format']> }),
    ...(tools && { tools: tools as NonNullable<RunInput['tools']> }),
    ...(request.tool_choice && { tool_choice: request.tool_choice }),
    ...(request.max_steps !== undefined && { max_steps: request.max_steps }),
    ...(request.whole_history && { whole_history: true }),
    ...(request.client_tools && { client_tools: request.client_tools }),
    ...wishesOf(request),
  };
}

function wishesOf({ top_p, wishes, parallel_tool_calls }: store.RunRequest): Partial<RunInput> {
  return {
    ...(top_p !== undefined && { top_p }),
    ...(wishes && { wishes }),
    ...(parallel_tool_calls === false && { parallel_tool_calls }),
  };
}

type NewRunFilter = NonNullable<NonNullable<RunInput['retrieval']>['filter']>;

/** An edited message: its new words, with what else came with it. */
function editedParts(input: RunInput['input'], former: readonly MessagePart[]): InputPart[] {
  const words: readonly InputPart[] = typeof input === 'string' ? [{ type: 'text', text: input }] : (input ?? []);
  const kept = former.filter((part) => part.type === 'attachment' || part.type === 'quote' || part.type === 'choice');
  return [...words, ...kept];
}

function isThere(models: ModelRegistry, name: string): boolean {
  try {
    return models.resolve(name).id === name;
  } catch {
    return false;
  }
}
