import { Button } from '@mantine/core';
import { ToolsIcon } from '@primer/octicons-react';
import { useState } from 'react';
import { decideToolCall } from '../api/runs.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './tool-call-list.module.css';
import type { ToolCallEntry, ToolCallState } from './tool-calls.ts';

const WORDS: Record<ToolCallState, string> = {
  running: 'running…',
  asks: 'needs your permission',
  waits: 'waiting for its program',
  done: 'done',
  failed: 'no result',
};

type Props = { calls: readonly ToolCallEntry[]; runId: string | null };

/** What an answer called, each folded with what went in and what came back. */
export function ToolCallList({ calls, runId }: Props) {
  return (
    <ul className={classes.calls} aria-label="Tools used">
      {calls.map((call) => (
        <li key={call.id} className={classes.call}>
          <details>
            <summary className={classes.summary}>
              <ToolsIcon size={14} /> <span className={classes.name}>{call.name}</span> {WORDS[call.state]}
            </summary>
            <pre className={classes.text}>{JSON.stringify(call.input, null, 2)}</pre>
            {call.result !== undefined && <pre className={classes.text}>{textOf(call.result)}</pre>}
          </details>
          {call.state === 'asks' && runId !== null && <Permission call={call} runId={runId} />}
        </li>
      ))}
    </ul>
  );
}

function Permission({ call, runId }: { call: ToolCallEntry; runId: string }) {
  const [sent, setSent] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const decide = async (approved: boolean) => {
    setSent(true);
    setError(null);
    try {
      await decideToolCall(runId, call.id, approved);
    } catch (failure) {
      setSent(false);
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
  return (
    <fieldset className={classes.permission}>
      <legend>Allow this call?</legend>
      <pre className={classes.text}>{JSON.stringify(call.input, null, 2)}</pre>
      <Button size="xs" disabled={sent} onClick={() => decide(true)}>
        Allow
      </Button>
      <Button size="xs" variant="default" disabled={sent} onClick={() => decide(false)}>
        Refuse
      </Button>
      {error !== null && <ErrorNotice error={error} />}
    </fieldset>
  );
}

function textOf(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2);
}
