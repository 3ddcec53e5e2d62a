import type { RunTrace } from '../../usage/index.ts';
import type { LoggedEvent } from './event.ts';

/** What a run's events show of its calls to models, for the ledger. */
export function traceOf(events: readonly LoggedEvent[], ended: boolean): RunTrace {
  const usage = events.findLast((event) => event.type === 'usage');
  return {
    ended,
    usage: usage && !usage.estimated ? { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens } : null,
    saidAfter: (position) =>
      events
        .filter(({ seq }) => seq > position)
        .map((event) => {
          if (event.type === 'text-delta') return event.delta;
          return event.type === 'tool-call' ? (JSON.stringify(event.tool_call.input) ?? '') : '';
        })
        .join(''),
  };
}
