import { ActionIcon, Menu } from '@mantine/core';
import { KebabHorizontalIcon, PencilIcon, TrashIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useMatch, useNavigate } from 'react-router';
import { deleteSession } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { liveRuns } from './chat-runs.ts';
import { isAnswering } from './live-runs.ts';
import { chatKeys } from './queries.ts';
import { RenameSession } from './rename-session.tsx';
import classes from './session-list.module.css';
import { titleOf } from './session-title.ts';
import { useLiveRun } from './use-live-run.ts';

export function SessionItem({ session }: { session: Session }) {
  const [mode, setMode] = useState<'shown' | 'renaming' | 'deleting'>('shown');
  const current = useMatch('/sessions/:sessionId')?.params.sessionId === session.id;
  const live = useLiveRun(session.id);
  const writing = live !== null && isAnswering(live);
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
      <RenameSession session={session} opened={mode === 'renaming'} onClose={() => setMode('shown')} />
      <DeleteSession
        session={session}
        opened={mode === 'deleting'}
        current={current}
        onClose={() => setMode('shown')}
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
