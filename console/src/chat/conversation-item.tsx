import { VisuallyHidden } from '@mantine/core';
import { memo } from 'react';
import type { RecalledItem } from '../api/types.ts';
import type { AnswerPart } from './answer.ts';
import { AnswerBody } from './answer-body.tsx';
import { AnswerProgress } from './answer-progress.tsx';
import classes from './conversation-item.module.css';

import type { Place } from './conversation-items.ts';

import { RecalledList } from './recalled-list.tsx';

import type { ToolCallEntry } from './tool-calls.ts';

type AnswerProps = {
  place: Place | null;
  parts: readonly AnswerPart[];
  calls: readonly ToolCallEntry[];
  runId: string | null;
  stopped: boolean;
  progress: string | null;
  recalled: readonly RecalledItem[];
};

/** An answer; `progress` is null once it is finished. */
export const AnswerItem = memo(function AnswerItem({
  place,
  parts,
  calls,
  runId,
  stopped,
  progress,
  recalled,
}: AnswerProps) {
  const unfinished = progress !== null;
  return (
    <li className={classes.item} aria-busy={unfinished}>
      <VisuallyHidden component="h2">Parley</VisuallyHidden>
      {recalled.length > 0 && <RecalledList items={recalled} />}
      <AnswerBody place={place} parts={parts} calls={calls} runId={runId} unfinished={unfinished} stopped={stopped} />
      {progress !== null && <AnswerProgress text={progress} />}
    </li>
  );
});
