import { Button, Group, Modal, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { createRepository, type NewRepository } from '../api/code.ts';
import { ApiError } from '../api/problem.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { analyse } from './archive-uploads.ts';

const LONGEST_ADDRESS = 2_000;
const LONGEST_NAME = 255;

/** A git address. It is analysed at once: whoever adds one wants to see it. */
export function AddRepository({ onClose }: { onClose: () => void }) {
  const add = useMutation({
    mutationFn: createRepository,
    onSuccess: async (repository) => {
      onClose();
      await analyse(repository);
    },
  });
  const problem = add.error instanceof ApiError ? add.error : null;
  const fault = (field: string) => problem?.fieldMessage(field) ?? null;
  const isPlaced = ['url', 'name', 'branch', 'access_token'].some((field) => fault(field) !== null);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate(valuesOf(new FormData(event.currentTarget)));
  };
  return (
    <Modal opened onClose={onClose} title="Add a repository" radius="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={onSubmit}>
        <Stack gap="sm">
          {add.error && !isPlaced && <ErrorNotice error={add.error} />}
          <TextInput
            label="Address"
            description="As “git clone” takes it, beginning with https://"
            placeholder="https://github.com/acme/shop"
            name="url"
            type="url"
            required
            withAsterisk={false}
            maxLength={LONGEST_ADDRESS}
            autoComplete="off"
            data-autofocus
            error={fault('url')}
          />
          <TextInput
            label="Branch or tag"
            description="Left empty, the one that its server has chosen."
            name="branch"
            maxLength={LONGEST_NAME}
            autoComplete="off"
            error={fault('branch')}
          />
          <PasswordInput
            label="Access token"
            description="For a private repository. It is kept sealed, sent to that server only, and never shown again."
            name="access_token"
            autoComplete="off"
            error={fault('access_token')}
          />
          <TextInput
            label="Name"
            description="Left empty, the end of the address."
            name="name"
            maxLength={LONGEST_NAME}
            autoComplete="off"
            dir="auto"
            error={fault('name')}
          />
          <Group justify="flex-end" gap="xs" mt="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending}>
              Add and analyse
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What was left empty is left out. */
function valuesOf(values: FormData): NewRepository {
  const text = (name: string) => String(values.get(name) ?? '').trim();
  const optional = ['name', 'branch', 'access_token'].flatMap((name) =>
    text(name) === '' ? [] : [[name, text(name)]],
  );
  return { url: text('url'), ...Object.fromEntries(optional) };
}
