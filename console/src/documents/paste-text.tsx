import { Button, Group, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { createTextDocument } from '../api/documents.ts';
import { ApiError } from '../api/problem.ts';
import { queryClient } from '../app/query-client.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { documentKeys } from './queries.ts';

const LONGEST_TITLE = 300;

export function PasteText({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const save = useMutation({
    mutationFn: ({ title, content }: { title: string; content: string }) => createTextDocument(title, content),
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: documentKeys.all });
    },
  });
  const problem = save.error instanceof ApiError ? save.error : null;
  const titleError = problem?.fieldMessage('title') ?? null;
  const contentError = problem?.fieldMessage('content') ?? null;

  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    save.mutate({ title: String(values.get('title')).trim(), content: String(values.get('content')) });
  };

  return (
    <Modal
      opened={opened}
      onClose={onClose}
      onExitTransitionEnd={save.reset}
      title="Paste text"
      size="lg"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={onSubmit}>
        {save.error && !titleError && !contentError && <ErrorNotice error={save.error} />}
        <TextInput
          label="Title"
          name="title"
          required
          withAsterisk={false}
          maxLength={LONGEST_TITLE}
          dir="auto"
          data-autofocus
          error={titleError}
        />
        <Textarea
          label="Text"
          name="content"
          required
          withAsterisk={false}
          dir="auto"
          autosize
          minRows={8}
          maxRows={18}
          mt="md"
          error={contentError}
        />
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Add document
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
