import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { correctFact, createFact, type Fact } from '../api/memory.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { refreshMemory } from './queries.ts';

/** A fact that somebody writes down, or another value for one that there is. */
export function FactForm({ fact, onClose }: { fact: Fact | null; onClose: () => void }) {
  const [attribute, setAttribute] = useState(fact?.attribute ?? '');
  const [value, setValue] = useState(fact?.value ?? '');
  const saving = useMutation({
    mutationFn: () => (fact ? correctFact(fact.id, value) : createFact(attribute, value)),
    onSuccess: async () => {
      await refreshMemory();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const isReady = value.trim() !== '' && attribute.trim() !== '' && value !== fact?.value;
  return (
    <Modal
      opened
      onClose={onClose}
      title={fact ? 'Correct this fact' : 'Write a fact down'}
      size="sm"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!fact && (
            <TextInput
              label="What"
              placeholder="home, job, favourite colour"
              maxLength={100}
              value={attribute}
              onChange={({ currentTarget }) => setAttribute(currentTarget.value)}
              data-autofocus
            />
          )}
          <TextInput
            label={fact ? `Your ${fact.attribute}` : 'Is'}
            maxLength={500}
            value={value}
            onChange={({ currentTarget }) => setValue(currentTarget.value)}
            {...(fact && { 'data-autofocus': true })}
          />
          {saving.isError && <ErrorNotice error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={!isReady}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
