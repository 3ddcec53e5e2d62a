import { ActionIcon, Menu, TextInput } from '@mantine/core';
import { KebabHorizontalIcon, PencilIcon, TrashIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { type KeyboardEvent, useRef, useState } from 'react';
import { Link, useMatch, useNavigate } from 'react-router';
import { deleteSession, renameSession } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { liveRuns } from './chat-runs.ts';
import { chatKeys } from './queries.ts';
import classes from './session-list.module.css';
import { useLiveRun } from './use-live-run.ts';

const LONGEST_TITLE = 200;

export function titleOf(session: Pick<Session, 'title'>): string {
  return session.title?.trim() || 'Untitled chat';
}

export function SessionItem({ session }: { session: Session }) {
  const [mode, setMode] = useState<'shown' | 'renaming' | 'deleting'>('shown');
  const current = useMatch('/sessions/:sessionId')?.params.sessionId === session.id;
  const live = useLiveRun(session.id);
  const writing = live !== null && live.phase !== 'failed' && live.phase !== 'ended';
  if (mode === 'renaming') return <RenameItem session={session} onDone={() => setMode('shown')} />;
  return (
    <li className={`${classes.item} ${current ? classes.current : ''}`}>
      <Link
        to={`/sessions/${session.id}`}
        className={classes.link}
        aria-current={current ? 'page' : undefined}
        dir="auto"
      >
        {titleOf(session)}
      </Link>
      {writing && <span className={classes.writing} role="img" aria-label="An answer is being written" />}
      <Menu position="bottom-end" width={150} shadow="md">
        <Menu.Target>
          <ActionIcon
            className={classes.menu}
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`Actions for ${titleOf(session)}`}
          >
            <KebabHorizontalIcon size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<PencilIcon size={14} />} onClick={() => setMode('renaming')}>
            Rename
          </Menu.Item>
          <Menu.Item leftSection={<TrashIcon size={14} />} color="red" onClick={() => setMode('deleting')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteSession
        session={session}
        opened={mode === 'deleting'}
        current={current}
        onClose={() => setMode('shown')}
      />
    </li>
  );
}

function RenameItem({ session, onDone }: { session: Session; onDone: () => void }) {
  const cancelled = useRef(false);
  const rename = useMutation({
    mutationFn: (title: string) => renameSession(session.id, title),
    onError: (error) => notifyError('The chat was not renamed', error),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: chatKeys.session(session.id) });
      return queryClient.invalidateQueries({ queryKey: chatKeys.sessions });
    },
  });
  const save = async (title: string) => {
    const wanted = title.trim();
    if (!cancelled.current && wanted !== '' && wanted !== session.title)
      await rename.mutateAsync(wanted).catch(() => {});
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') cancelled.current = true;
    if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
  };
  return (
    <li className={classes.item}>
      <TextInput
        className={classes.rename}
        size="xs"
        aria-label="New title"
        defaultValue={session.title ?? ''}
        maxLength={LONGEST_TITLE}
        autoFocus
        disabled={rename.isPending}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={(event) => void save(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </li>
  );
}

type DeleteProps = { session: Session; opened: boolean; current: boolean; onClose: () => void };

function DeleteSession({ session, opened, current, onClose }: DeleteProps) {
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteSession(session.id),
    onSuccess: async () => {
      liveRuns.release(session.id);
      if (current) await navigate('/', { replace: true });
      queryClient.removeQueries({ queryKey: chatKeys.messages(session.id) });
      queryClient.removeQueries({ queryKey: chatKeys.session(session.id) });
      await queryClient.invalidateQueries({ queryKey: chatKeys.sessions });
    },
    onError: (error) => notifyError('The chat was not deleted', error),
    onSettled: onClose,
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete this chat?"
      confirm="Delete"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      “{titleOf(session)}” and its answers will be deleted for good. Documents stay.
    </ConfirmDialog>
  );
}
