import { Tooltip, UnstyledButton } from '@mantine/core';
import type { Citation } from '../api/types.ts';
import classes from './citation-chip.module.css';
import { useCitationTarget } from './citation-target.ts';

/** The small number in an answer that opens the passage behind it. Without a citation it has not come yet. */
export function CitationChip({ number, citation }: { number: number; citation: Citation | null }) {
  const { open, show } = useCitationTarget();
  if (citation === null) {
    return (
      <span className={`${classes.chip} ${classes.pending}`} aria-hidden="true">
        {number}
      </span>
    );
  }
  const { title, supported } = citation;
  const warning = supported ? '' : ' (not confirmed by this source)';
  return (
    <Tooltip label={supported ? title : `${title}: does not confirm this`} multiline maw={280}>
      <UnstyledButton
        className={`${classes.chip} ${supported ? '' : classes.unsupported}`}
        aria-label={`Source ${number}: ${title}${warning}`}
        aria-pressed={open !== null && isSame(open, citation)}
        onClick={() => show(citation)}
      >
        {number}
        {!supported && <span aria-hidden="true">?</span>}
      </UnstyledButton>
    </Tooltip>
  );
}

/** The same citation may come as two objects: from the stream, and with the stored message. */
function isSame(one: Citation, other: Citation): boolean {
  return one.chunk_id === other.chunk_id && one.answer_span.start === other.answer_span.start;
}
