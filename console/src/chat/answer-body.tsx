import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { CheckIcon, CircleSlashIcon, CopyIcon } from '@primer/octicons-react';
import { memo } from 'react';
import { type AnswerPart, textOf } from './answer.ts';
import classes from './answer-body.module.css';
import { AnswerMarkdown } from './answer-markdown.tsx';
import { SourceList } from './source-list.tsx';
import { ToolCallList } from './tool-call-list.tsx';
import type { ToolCallEntry } from './tool-calls.ts';

type Props = {
  parts: readonly AnswerPart[];
  calls: readonly ToolCallEntry[];
  runId: string | null;
  unfinished: boolean;
  stopped: boolean;
};

/** An answer, stored or still growing, with its sources below once it is finished. */
export const AnswerBody = memo(function AnswerBody({ parts, calls, runId, unfinished, stopped }: Props) {
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
      {!unfinished && <AnswerActions text={textOf(parts)} />}
    </div>
  );
});

function AnswerActions({ text }: { text: string }) {
  // Browsers give the clipboard to pages on HTTPS and localhost only.
  if (text === '' || !window.isSecureContext) return null;
  return (
    <div className={classes.actions}>
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
    </div>
  );
}
