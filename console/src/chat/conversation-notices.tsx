import { Alert, Button, Code, Text } from '@mantine/core';
import { AlertIcon } from '@primer/octicons-react';
import type { Fault } from '../api/types.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { liveRuns } from './chat-runs.ts';
import classes from './conversation.module.css';
import type { LiveRun } from './live-runs.ts';

type Props = { live: LiveRun; onAgain: () => void };

/** Why the last question has no answer, or not all of one, and the way to ask it again. */
export function FailureItem({ live, onAgain }: Props) {
  const { answer, error, question, replaces, sessionId } = live;
  const isAsked = question !== null || replaces !== null;
  if (answer.fault) {
    return (
      <li>
        <FaultNotice fault={answer.fault} runId={answer.runId} onAgain={onAgain} />
      </li>
    );
  }
  if (error === null) return null;
  return (
    <li>
      <ErrorNotice
        error={error}
        title={isAsked ? 'The question was not answered' : 'The answer cannot be followed'}
        onRetry={isAsked ? onAgain : undefined}
      >
        <Button size="xs" variant="subtle" color="gray" onClick={() => liveRuns.release(sessionId)}>
          Dismiss
        </Button>
      </ErrorNotice>
    </li>
  );
}

type FaultProps = { fault: Fault; runId: string | null; onAgain: () => void };

/** The run itself failed: the model, say, could not be reached. What it had said is above. */
function FaultNotice({ fault, runId, onAgain }: FaultProps) {
  return (
    <Alert
      variant="light"
      color="red"
      radius="md"
      icon={<AlertIcon size={16} />}
      role="alert"
      title="The answer failed"
    >
      <Text size="sm">{fault.detail}</Text>
      <Text size="xs" c="dimmed" mt={4}>
        {fault.code} · run <Code fz="xs">{runId}</Code>
      </Text>
      <Button size="xs" variant="default" mt="sm" onClick={onAgain}>
        Ask again
      </Button>
    </Alert>
  );
}

/** A run that failed before its first word leaves a question without an answer. */
export function UnansweredItem({ onAgain }: { onAgain: () => void }) {
  return (
    <li className={classes.unanswered}>
      This question was not answered.
      <Button size="xs" variant="default" onClick={onAgain}>
        Ask again
      </Button>
    </li>
  );
}
