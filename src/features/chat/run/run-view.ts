import type { RunView } from '../chat.schema.ts';
import type { RunRow } from './run.store.ts';

/** A run as clients see it. */
export function runView(row: RunRow): RunView {
  const { request, user_id: _, cancel_requested_at: __, created_at, started_at, ended_at, ...rest } = row;
  const { waiting_for, wait_until, lost_workers: ___, ...shown } = rest;
  return {
    ...shown,
    waiting_for: waiting_for && wait_until ? { tool_calls: [...waiting_for], until: wait_until.toISOString() } : null,
    metadata: request.metadata,
    created_at: created_at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
  };
}
