import { VisuallyHidden } from '@mantine/core';
import { memo } from 'react';
import type { Message } from '../api/types.ts';
import { partsOfMessage } from './answer.ts';
import { AnswerBody } from './answer-body.tsx';
import classes from './message-item.module.css';

/** A stored message. Never changes, so it is drawn once however long the chat becomes. */
export const MessageItem = memo(function MessageItem({ message }: { message: Message }) {
  if (message.role === 'user') return <QuestionItem text={message.content} />;
  if (message.role !== 'assistant') return null;
  return (
    <li className={classes.item}>
      <VisuallyHidden component="h2">Parley</VisuallyHidden>
      <AnswerBody parts={partsOfMessage(message)} unfinished={false} stopped={message.status === 'incomplete'} />
    </li>
  );
});

export function QuestionItem({ text }: { text: string }) {
  return (
    <li className={`${classes.item} ${classes.question}`}>
      <VisuallyHidden component="h2">You</VisuallyHidden>
      <p className={classes.bubble} dir="auto">
        {text}
      </p>
    </li>
  );
}
