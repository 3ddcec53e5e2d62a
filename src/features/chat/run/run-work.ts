import { currentWork, inWork, type Tracing, traceIdOf } from '../../../platform/telemetry/tracing.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { RunEndStatus, RunFault, RunUsage } from './event.ts';
import type { RunRow } from './run.store.ts';

/**
 * One worker's work on a run: a span in the trace of the request that asked for it, whichever process works on it, and ids
 * for the log. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans
 */
export async function workOnRun(
  tracing: Tracing | null,
  { tenant, run, isFresh }: { tenant: Tenant; run: RunRow; isFresh: boolean },
  act: () => Promise<void>,
): Promise<void> {
  const parent = run.request.trace;
  const span =
    tracing?.begin('invoke_agent parley', 'internal', { parent, attributes: attributesOf(tenant, run) }) ?? null;
  const asked = isFresh ? currentWork()?.ids : {};
  const trace = span?.traceparent ?? parent;
  const ids = { ...asked, ...(trace && { trace_id: traceIdOf(trace) }), tenant: tenant.slug, run_id: run.id };
  await inWork({ ids, span }, act);
  span?.end();
}

/** What its span says of a run's end. */
export function noteRunEnd(status: RunEndStatus, usage: RunUsage | null, error: RunFault | null): void {
  const span = currentWork()?.span;
  if (!span) return;
  span.set({
    'parley.run.status': status,
    'gen_ai.usage.input_tokens': usage?.input_tokens,
    'gen_ai.usage.output_tokens': usage?.output_tokens,
  });
  if (status === 'failed') span.end(error ?? {});
}

function attributesOf(tenant: Tenant, { id, session_id, model, attempt }: RunRow) {
  return {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': 'parley',
    'gen_ai.agent.name': 'parley',
    'gen_ai.conversation.id': session_id,
    'gen_ai.request.model': model,
    'parley.tenant': tenant.slug,
    'parley.run.id': id,
    'parley.run.attempt': attempt,
  };
}
