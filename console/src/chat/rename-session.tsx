import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { ApiError } from '../api/problem.ts';
import { renameSession } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { chatKeys } from './queries.ts';

/** The API's own bound, in characters. */
const LONGEST_TITLE = 200;

type Props = { session: Session; opened: boolean; onClose: () => void };

export function RenameSession({ session, opened, onClose }: Props) {
  const rename = useMutation({
    mutationFn: (title: string) => renameSession(session.id, title),
    onSuccess: async () => {
      onClose();
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: chatKeys.session(session.id) }),
        queryClient.invalidateQueries({ queryKey: chatKeys.sessions }),
      ]);
    },
  });
  const titleError = rename.error instanceof ApiError ? rename.error.fieldMessage('title') : null;
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    rename.mutate(String(new FormData(event.currentTarget).get('title')).trim());
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      onExitTransitionEnd={rename.reset}
      title="Rename this chat"
      size="sm"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={onSubmit}>
        {rename.error && titleError === null && <ErrorNotice error={rename.error} />}
        <TextInput
          label="Title"
          name="title"
          defaultValue={session.title ?? ''}
          maxLength={LONGEST_TITLE}
          pattern=".*\S.*"
          title="At least one character"
          required
          withAsterisk={false}
          dir="auto"
          data-autofocus
          onFocus={(event) => event.currentTarget.select()}
          error={titleError}
        />
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={rename.isPending}>
            Rename
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
