import { UnstyledButton } from '@mantine/core';
import type { Citation } from '../api/types.ts';
import { useCitationTarget } from './citation-target.ts';
import { placesOf } from './places.ts';
import classes from './source-list.module.css';

/** What an answer cites, once each, under the answer. */
export function SourceList({ citations }: { citations: readonly Citation[] }) {
  const { show } = useCitationTarget();
  const unsupported = citations.filter(({ supported }) => !supported).length;
  return (
    <div className={classes.sources}>
      <h3 className={classes.heading}>Sources</h3>
      <ul className={classes.list}>
        {firstOfEach(citations).map((citation) => (
          <li key={citation.chunk_id}>
            <UnstyledButton className={classes.source} onClick={() => show(citation)}>
              <span className={classes.number}>{citation.number}</span>
              <bdi className={classes.title}>{citation.title}</bdi>
              {placeOf(citation) && <bdi className={classes.place}>{placeOf(citation)}</bdi>}
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {unsupported > 0 && (
        <p className={classes.warning}>
          {unsupported === 1 ? 'One statement is' : `${unsupported} statements are`} not confirmed by the source given
          for it: look for the “?”.
        </p>
      )}
    </div>
  );
}

/** The narrowest place that there is room for. */
function placeOf(citation: Citation): string {
  return placesOf(citation).at(-1) ?? '';
}

function firstOfEach(citations: readonly Citation[]): Citation[] {
  const chunks = new Map<string, Citation>();
  for (const citation of citations) if (!chunks.has(citation.chunk_id)) chunks.set(citation.chunk_id, citation);
  return [...chunks.values()].sort((one, other) => one.number - other.number);
}
