import { ActionIcon, Button, Progress } from '@mantine/core';
import { AlertIcon, FileIcon, XIcon } from '@primer/octicons-react';
import { useSyncExternalStore } from 'react';
import { ApiError } from '../api/problem.ts';
import { messageOf } from '../ui/error-notice.tsx';
import { formatSize } from '../ui/format.ts';
import classes from '../ui/item-list.module.css';
import type { Upload, Uploads } from './uploads.ts';

/** The files on their way, each with how far it is or why it was refused. */
export function UploadList({ uploads }: { uploads: Uploads }) {
  const sending = useSyncExternalStore(uploads.subscribe, uploads.list);
  if (sending.length === 0) return null;
  return (
    <section aria-label="Uploads">
      <ul className={classes.list}>
        {sending.map((upload) => (
          <UploadRow key={upload.id} upload={upload} uploads={uploads} />
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const { id, file, state, progress, error } = upload;
  const percent = Math.floor(progress * 100);
  return (
    <li className={classes.row}>
      <span className={classes.icon}>
        {error ? <AlertIcon size={16} className={classes.danger ?? ''} /> : <FileIcon size={16} />}
      </span>
      <div className={classes.body}>
        <bdi className={classes.title}>{file.name}</bdi>
        {error ? (
          <p className={classes.error} role="alert">
            {uploadError(error)}
          </p>
        ) : (
          <p className={classes.meta}>
            {formatSize(file.size)} · {stateText(state, percent)}
          </p>
        )}
        {error && (
          <Button size="compact-xs" mt={6} variant="default" onClick={() => uploads.retry(id)}>
            Try again
          </Button>
        )}
        {!error && <Progress value={percent} size="xs" mt={6} aria-label={`Sending ${file.name}`} />}
      </div>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={error ? `Dismiss ${file.name}` : `Stop sending ${file.name}`}
        onClick={() => uploads.dismiss(id)}
      >
        <XIcon size={16} />
      </ActionIcon>
    </li>
  );
}

function stateText(state: Upload['state'], percent: number): string {
  if (state === 'waiting') return 'Waiting';
  return percent < 100 ? `Sending, ${percent} %` : 'Sent, being checked';
}

function uploadError(error: Error): string {
  const field = error instanceof ApiError ? error.fields[0]?.message : undefined;
  return field && error.message === '' ? field : messageOf(error);
}
