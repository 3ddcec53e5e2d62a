import { Alert, Anchor, Button, Skeleton, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { AlertIcon, ArrowLeftIcon, TrashIcon } from '@primer/octicons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import type { DocumentEntry } from '../api/types.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { formatDay, formatSize } from '../ui/format.ts';
import { useTitle } from '../ui/use-title.ts';
import { DeleteDocument } from './delete-document.tsx';
import classes from './document-page.module.css';
import { DocumentReader } from './document-reader.tsx';
import page from './documents-page.module.css';
import { documentQuery } from './queries.ts';

export function DocumentPage() {
  const id = useParams().documentId ?? '';
  const query = useQuery(documentQuery(id));
  useTitle(query.data?.title ?? 'Document');
  return (
    <div className={page.page}>
      <div className={page.column}>
        <Anchor component={Link} to="/documents" size="sm" className={classes.back ?? ''}>
          <ArrowLeftIcon size={16} /> All documents
        </Anchor>
        {query.isPending && <Skeleton height={200} aria-label="Loading the document" />}
        {query.isLoadingError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && <Opened document={query.data} />}
      </div>
    </div>
  );
}

function Opened({ document }: { document: DocumentEntry }) {
  const navigate = useNavigate();
  const [deleting, { open, close }] = useDisclosure(false);
  const readOnly = useCredentials()?.tenant.role === 'viewer';
  return (
    <article className={classes.document}>
      <header className={page.header}>
        <div className={classes.heading}>
          <Title order={1} size="h3" dir="auto">
            {document.title}
          </Title>
          <p className={page.lead}>
            {formatSize(document.size_bytes)} · {document.content_type} ·{' '}
            {formatDay(new Date(document.created_at), new Date())}
          </p>
        </div>
        {!readOnly && (
          <Button variant="default" leftSection={<TrashIcon size={16} />} onClick={open}>
            Delete
          </Button>
        )}
      </header>
      <Body document={document} />
      <DeleteDocument
        document={document}
        opened={deleting}
        onClose={close}
        onDeleted={() => void navigate('/documents', { replace: true })}
      />
    </article>
  );
}

function Body({ document: { id, status, error, warnings } }: { document: DocumentEntry }) {
  if (status === 'ready') {
    return (
      <>
        {warnings.length > 0 && (
          <Alert variant="light" color="yellow" icon={<AlertIcon size={16} />} title="Not all of it could be read">
            {warnings.join(' ')}
          </Alert>
        )}
        <DocumentReader id={id} />
      </>
    );
  }
  if (status === 'failed') return <p className={classes.note}>{error?.detail ?? 'This document could not be read.'}</p>;
  return <p className={classes.note}>This document is still being read. Its text will be shown here.</p>;
}
