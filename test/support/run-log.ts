import type { CitationPart, LoggedEvent, RunDetail, RunEvent } from '../../src/features/chat/index.ts';

export const RUN_ID = '01990000-0000-7000-8000-000000000001';
export const SESSION_ID = '01990000-0000-7000-8000-000000000002';
export const MESSAGE_ID = '01990000-0000-7000-8000-000000000003';
const CREATED = '2026-01-02T03:04:05.678Z';

/** Events in their places, behind the first one. */
export function runLog(...events: readonly RunEvent[]): LoggedEvent[] {
  const start = { type: 'run-start', session_id: SESSION_ID, message_id: MESSAGE_ID, model: 'fake/model', attempt: 1 };
  return [start as RunEvent, ...events].map((event, index) => ({ ...event, seq: index + 1 }));
}

export const said = (delta: string, part_id = 'text-1'): RunEvent => ({ type: 'text-delta', part_id, delta });
export const part = (type: 'text-start' | 'text-end', part_id = 'text-1'): RunEvent => ({ type, part_id });
export const reset = (part_id = 'text-1'): RunEvent => ({ type: 'text-reset', part_id, reason: 'lost' });
export const stepEnd = (finish_reason: 'stop' | 'length' | 'content-filter' = 'stop'): RunEvent => ({
  type: 'step-end',
  step: 1,
  finish_reason,
});
export const usage: RunEvent = { type: 'usage', input_tokens: 5, output_tokens: 2, cost_usd: null };

export function runEnd(status: 'completed' | 'failed' | 'cancelled', content = ''): RunEvent {
  const identity = { id: MESSAGE_ID, session_id: SESSION_ID, role: 'assistant', run_id: RUN_ID } as const;
  const state = { status: 'complete', created_at: '2026-01-02T03:04:07.000Z' } as const;
  const message =
    content === '' ? null : { ...identity, ...state, parts: [{ type: 'text', text: content } as const], content };
  const error = status === 'failed' ? { error: { code: 'ERR_RUN_004', detail: 'The model took too long.' } } : {};
  return { type: 'run-end', status, message, ...error };
}

export function citation(start: number, end: number, part_id = 'text-1'): CitationPart {
  return {
    type: 'citation',
    part_id,
    chunk_id: '01990000-0000-7000-8000-000000000004',
    document_id: '01990000-0000-7000-8000-000000000005',
    title: 'Lighthouse',
    quote: 'tall',
    span: { start: 10, end: 14 },
    answer_span: { start, end },
    supported: true,
    heading_path: [],
    page: 2,
    number: 1,
  };
}

export function runDetail(request: Partial<RunDetail['request']> = {}): RunDetail {
  return {
    run: {
      id: RUN_ID,
      session_id: SESSION_ID,
      message_id: MESSAGE_ID,
      status: 'running',
      model: 'fake/model',
      attempt: 1,
      usage: null,
      error: null,
      last_seq: 1,
      waiting_for: null,
      metadata: {},
      created_at: CREATED,
      started_at: CREATED,
      ended_at: null,
    },
    request: {
      instructions: null,
      retrieval: { mode: 'auto', top_k: null, filter: null },
      max_output_tokens: null,
      temperature: null,
      metadata: {},
      ...request,
    },
  };
}
