import { Alert, Button, Code, Text, VisuallyHidden } from '@mantine/core';
import { AlertIcon } from '@primer/octicons-react';
import type { Fault, Message } from '../api/types.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { AnswerBody } from './answer-body.tsx';
import { AnswerProgress } from './answer-progress.tsx';
import { liveRuns } from './chat-runs.ts';
import type { LiveRun } from './live-runs.ts';
import classes from './message-item.module.css';
import { QuestionItem } from './message-item.tsx';

type Props = { live: LiveRun; messages: readonly Message[]; onAsk: (question: string) => void };

/** The question and the answer that are not stored yet. */
export function LiveItems({ live, messages, onAsk }: Props) {
  const { answer, phase, question, error } = live;
  const stored = (role: Message['role']) =>
    messages.some((message) => message.role === role && message.run_id !== null && message.run_id === answer.runId);
  const unfinished = phase !== 'ended' && phase !== 'failed';
  return (
    <>
      {question !== null && !stored('user') && <QuestionItem key="question" text={question} />}
      {!stored('assistant') && (unfinished || answer.parts.length > 0) && (
        <li className={classes.item} key={answer.messageId ?? 'answer'} aria-busy={unfinished}>
          <VisuallyHidden component="h2">Parley</VisuallyHidden>
          <AnswerBody parts={answer.parts} unfinished={unfinished} stopped={answer.status === 'cancelled'} />
          {unfinished && <AnswerProgress live={live} />}
        </li>
      )}
      {phase === 'failed' && answer.fault && (
        <li key="fault">
          <FaultNotice
            fault={answer.fault}
            runId={answer.runId}
            onAgain={() => onAsk(question ?? lastQuestion(messages))}
          />
        </li>
      )}
      {error && (
        <li key="error">
          <ErrorNotice
            error={error}
            title={question === null ? 'The answer cannot be followed' : 'The question was not answered'}
            onRetry={question === null ? undefined : () => onAsk(question)}
          >
            <Button size="xs" variant="subtle" color="gray" onClick={() => liveRuns.release(live.sessionId)}>
              Dismiss
            </Button>
          </ErrorNotice>
        </li>
      )}
    </>
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

export function lastQuestion(messages: readonly Message[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}
