import { ActionIcon, Button, Menu, Progress } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { AlertIcon, FileIcon, KebabHorizontalIcon, SyncIcon, TrashIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { memo } from 'react';
import { Link } from 'react-router';
import { retryDocument } from '../api/documents.ts';
import type { DocumentEntry } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { formatDay, formatSize } from '../ui/format.ts';
import classes from '../ui/item-list.module.css';
import { notifyError } from '../ui/notify.tsx';
import { DeleteDocument } from './delete-document.tsx';
import { documentKeys, isInWork } from './queries.ts';

type Props = { document: DocumentEntry; readOnly: boolean };

export const DocumentRow = memo(function DocumentRow({ document, readOnly }: Props) {
  const { id, title, status } = document;
  const [deleting, { open, close }] = useDisclosure(false);
  const failed = status === 'failed';
  return (
    <li className={classes.row}>
      <span className={classes.icon}>
        {failed ? <AlertIcon size={16} className={classes.danger ?? ''} /> : <FileIcon size={16} />}
      </span>
      <div className={classes.body}>
        <Link className={classes.title} to={`/documents/${id}`}>
          <bdi>{title}</bdi>
        </Link>
        <Status document={document} />
        {failed && !readOnly && <RetryButton id={id} />}
      </div>
      {!readOnly && (
        <Menu position="bottom-end" width={150} shadow="md">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${title}`}>
              <KebabHorizontalIcon size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<TrashIcon size={14} />} color="red" onClick={open}>
              Delete
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <DeleteDocument document={document} opened={deleting} onClose={close} />
    </li>
  );
});

function Status({ document }: { document: DocumentEntry }) {
  const { status, progress, error, title, size_bytes, created_at } = document;
  if (status === 'failed') {
    return <p className={classes.error}>{error?.detail ?? 'This document could not be read.'}</p>;
  }
  if (isInWork(document)) {
    const percent = Math.floor(progress * 100);
    return (
      <>
        <p className={classes.meta}>{status === 'queued' ? 'Waiting to be read' : `Being read, ${percent} %`}</p>
        <Progress value={percent} size="xs" mt={6} animated={status === 'queued'} aria-label={`Reading ${title}`} />
      </>
    );
  }
  return (
    <p className={classes.meta}>
      {formatSize(size_bytes)} · {formatDay(new Date(created_at), new Date())}
    </p>
  );
}

function RetryButton({ id }: { id: string }) {
  const retry = useMutation({
    mutationFn: () => retryDocument(id),
    onError: (error) => notifyError('The document was not tried again', error),
    onSettled: () => queryClient.invalidateQueries({ queryKey: documentKeys.all }),
  });
  return (
    <Button
      size="compact-xs"
      mt={6}
      variant="default"
      leftSection={<SyncIcon size={12} />}
      loading={retry.isPending}
      onClick={() => retry.mutate()}
    >
      Try again
    </Button>
  );
}
