import { Alert, Anchor, Skeleton } from '@mantine/core';
import { AlertIcon } from '@primer/octicons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { ApiError } from '../api/problem.ts';
import type { Citation, DocumentText } from '../api/types.ts';
import { documentTextQuery } from '../documents/queries.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './passage.module.css';
import { placesOf } from './places.ts';

/** Characters of the document that are shown on each side of the quote. */
const AROUND = 900;

/** A citation's quote, marked, within the text of its document around it. */
export function Passage({ citation }: { citation: Citation }) {
  const { document_id, span, title, supported } = citation;
  const range = { start: Math.max(0, span.start - AROUND), end: span.end + AROUND };
  const query = useQuery(documentTextQuery(document_id, range));
  const places = placesOf(citation);
  return (
    <div className={classes.passage}>
      <h2 className={classes.title} dir="auto">
        {title}
      </h2>
      {places.length > 0 && (
        <p className={classes.path} dir="auto">
          {places.join(' › ')}
        </p>
      )}
      {!supported && (
        <Alert variant="light" color="yellow" icon={<AlertIcon size={16} />} className={classes.warning ?? ''}>
          A number or a name in the answer is not in this passage. Check it yourself.
        </Alert>
      )}
      {query.isPending && <Skeleton height={160} aria-label="Loading the passage" />}
      {query.isError && <Unavailable error={query.error} quote={citation.quote} onRetry={() => void query.refetch()} />}
      {query.data && <MarkedText text={query.data} citation={citation} />}
      {query.data && (
        <Anchor component={Link} to={`/documents/${document_id}`} size="sm">
          Open the document
        </Anchor>
      )}
    </div>
  );
}

function MarkedText({ text, citation }: { text: DocumentText; citation: Citation }) {
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' });
  }, []);
  const from = Math.max(0, citation.span.start - text.start);
  const to = Math.max(from, citation.span.end - text.start);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.text} dir="auto" tabIndex={0} aria-label="Passage">
      {text.start > 0 && '… '}
      {text.text.slice(0, from)}
      <mark ref={mark}>{text.text.slice(from, to)}</mark>
      {text.text.slice(to)}
      {text.end < text.length && ' …'}
    </section>
  );
}

/** The document may have been deleted since; the quote is part of the answer and stays. */
function Unavailable({ error, quote, onRetry }: { error: Error; quote: string; onRetry: () => void }) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <>
      <blockquote className={classes.quote} dir="auto">
        {quote}
      </blockquote>
      {gone ? (
        <p className={classes.path}>The document has been deleted since this answer.</p>
      ) : (
        <ErrorNotice error={error} onRetry={onRetry} />
      )}
    </>
  );
}
