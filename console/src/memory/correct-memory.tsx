import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changeMemory } from '../api/memory.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { refreshMemory } from './queries.ts';

type Props = { id: string; content: string; onClose: () => void };

/** A memory in other words. What it said before stays in its history. */
export function CorrectMemory({ id, content, onClose }: Props) {
  const [text, setText] = useState(content);
  const saving = useMutation({
    mutationFn: () => changeMemory(id, text),
    onSuccess: async () => {
      await refreshMemory();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Correct this memory"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Textarea
            label="It should say"
            description="From now on this counts. What it said before stays in its history."
            rows={5}
            maxLength={100_000}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            data-autofocus
          />
          {saving.isError && <ErrorNotice error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={text.trim() === '' || text === content}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
