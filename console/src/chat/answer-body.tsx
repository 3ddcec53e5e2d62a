import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { CheckIcon, CircleSlashIcon, CopyIcon, SyncIcon } from '@primer/octicons-react';
import { memo, use } from 'react';
import { type AnswerPart, textOf } from './answer.ts';
import classes from './answer-body.module.css';
import { AnswerMarkdown } from './answer-markdown.tsx';
import { BranchSwitch } from './branch-switch.tsx';
import { ConversationActions } from './conversation-actions.ts';
import type { Place } from './conversation-items.ts';
import { SourceList } from './source-list.tsx';
import { ToolCallList } from './tool-call-list.tsx';
import type { ToolCallEntry } from './tool-calls.ts';

type Props = {
  /** Null before it is stored. */
  place: Place | null;
  parts: readonly AnswerPart[];
  calls: readonly ToolCallEntry[];
  runId: string | null;
  unfinished: boolean;
  stopped: boolean;
};

/** An answer, stored or still growing, with its sources below once it is finished. */
export const AnswerBody = memo(function AnswerBody({ place, parts, calls, runId, unfinished, stopped }: Props) {
  const citations = parts.flatMap((part) => part.citations);
  return (
    <div className={classes.answer}>
      {calls.length > 0 && <ToolCallList calls={calls} runId={runId} />}
      {parts.map((part) => (
        <AnswerMarkdown key={part.id} text={part.text} citations={part.citations} unfinished={unfinished} />
      ))}
      {!unfinished && stopped && (
        <p className={classes.stopped}>
          <CircleSlashIcon size={14} /> Stopped before its end
        </p>
      )}
      {!unfinished && citations.length > 0 && <SourceList citations={citations} />}
      {!unfinished && <AnswerActions text={textOf(parts)} place={place} />}
    </div>
  );
});

function AnswerActions({ text, place }: { text: string; place: Place | null }) {
  // Browsers give the clipboard to pages on HTTPS and localhost only.
  const copies = text !== '' && window.isSecureContext;
  if (!copies && place === null) return null;
  return (
    <div className={classes.actions}>
      {copies && <CopyAnswer text={text} />}
      {place && <AgainButton messageId={place.id} />}
      {place && <BranchSwitch place={place} of="answer" />}
    </div>
  );
}

function AgainButton({ messageId }: { messageId: string }) {
  const actions = use(ConversationActions);
  if (!actions) return null;
  return (
    <Tooltip label="Answer again">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="md"
        aria-label="Answer again"
        disabled={actions.isPaused}
        onClick={() => actions.answerAgain(messageId)}
      >
        <SyncIcon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function CopyAnswer({ text }: { text: string }) {
  return (
    <CopyButton value={text} timeout={2000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : 'Copy'}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="md"
            aria-label={copied ? 'Copied' : 'Copy the answer'}
            onClick={copy}
          >
            {copied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
