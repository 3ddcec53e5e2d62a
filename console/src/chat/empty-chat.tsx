import { Button, Text, Title, UnstyledButton } from '@mantine/core';
import { UploadIcon } from '@primer/octicons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { DocumentEntry } from '../api/types.ts';
import { documentsQuery } from '../documents/queries.ts';
import classes from './empty-chat.module.css';

const STARTERS = [
  'How do I use my own model?',
  'Which file formats can I upload?',
  'What happens to an answer when the server crashes?',
];

/** What a new chat shows: what can be asked here, and how to begin when there is nothing to ask about. */
export function EmptyChat({ onAsk }: { onAsk: (question: string) => void }) {
  const query = useInfiniteQuery(documentsQuery);
  const documents = query.data?.pages.flatMap((page) => page.data) ?? null;
  return (
    <section className={classes.empty} aria-label="New chat">
      <div className={classes.column}>
        <Title order={1} className={classes.title ?? ''}>
          What would you like to know?
        </Title>
        {documents === null ? <div className={classes.lead} /> : <Invitation documents={documents} onAsk={onAsk} />}
      </div>
    </section>
  );
}

function Invitation({ documents, onAsk }: { documents: readonly DocumentEntry[]; onAsk: (question: string) => void }) {
  if (documents.length === 0) {
    return (
      <>
        <Text className={classes.lead ?? ''}>
          Answers come from your documents, and each one shows its sources. There are none yet: add a handbook, a
          contract, notes, anything with text.
        </Text>
        <Button component={Link} to="/documents" leftSection={<UploadIcon size={16} />}>
          Add documents
        </Button>
      </>
    );
  }
  return (
    <>
      <Text className={classes.lead ?? ''}>
        Ask in your own words. Answers come from your documents, and every number in an answer opens the passage behind
        it.
      </Text>
      {documents.some(isShipped) && (
        <ul className={classes.starters} aria-label="Questions to begin with">
          {STARTERS.map((question) => (
            <li key={question}>
              <UnstyledButton className={classes.starter} onClick={() => onAsk(question)}>
                {question}
              </UnstyledButton>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Parley's own guides, which an installation comes with. */
function isShipped({ status, metadata }: DocumentEntry): boolean {
  return status === 'ready' && metadata.shipped === true;
}
