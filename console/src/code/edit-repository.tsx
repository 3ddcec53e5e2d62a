import { Button, Checkbox, Group, Modal, PasswordInput, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changeRepository, type Repository, type RepositoryChanges } from '../api/code.ts';
import { ApiError } from '../api/problem.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { refreshRepositories } from './queries.ts';

const LONGEST_NAME = 255;
const LONGEST_DESCRIPTION = 2_000;

export function EditRepository({ repository, onClose }: { repository: Repository; onClose: () => void }) {
  const { name, description, branch, has_token, kind } = repository;
  const [removesToken, setRemovesToken] = useState(false);
  const save = useMutation({
    mutationFn: (changes: RepositoryChanges) => changeRepository(repository.id, changes),
    onSuccess: async () => {
      onClose();
      await refreshRepositories();
    },
  });
  const problem = save.error instanceof ApiError ? save.error : null;
  const fault = (field: string) => problem?.fieldMessage(field) ?? null;
  const isPlaced = ['name', 'description', 'branch', 'access_token'].some((field) => fault(field) !== null);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(changesIn(new FormData(event.currentTarget), { isGit: kind === 'git', removesToken }));
  };
  return (
    <Modal opened onClose={onClose} title="Edit repository" radius="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={onSubmit}>
        <Stack gap="sm">
          {save.error && !isPlaced && <ErrorNotice error={save.error} />}
          <TextInput
            label="Name"
            name="name"
            defaultValue={name}
            required
            withAsterisk={false}
            maxLength={LONGEST_NAME}
            autoComplete="off"
            dir="auto"
            data-autofocus
            error={fault('name')}
          />
          <Textarea
            label="Description"
            name="description"
            defaultValue={description ?? ''}
            maxLength={LONGEST_DESCRIPTION}
            rows={2}
            dir="auto"
            error={fault('description')}
          />
          {kind === 'git' && (
            <>
              <TextInput
                label="Branch or tag"
                description="Left empty, the one that its server has chosen."
                name="branch"
                defaultValue={branch ?? ''}
                maxLength={LONGEST_NAME}
                autoComplete="off"
                error={fault('branch')}
              />
              <PasswordInput
                label={has_token ? 'Another access token' : 'Access token'}
                description={has_token ? 'Left empty, the one that is there stays.' : 'For a private repository.'}
                name="access_token"
                autoComplete="off"
                disabled={removesToken}
                error={fault('access_token')}
              />
              {has_token && (
                <Checkbox
                  label="Remove the access token"
                  checked={removesToken}
                  onChange={({ currentTarget }) => setRemovesToken(currentTarget.checked)}
                />
              )}
            </>
          )}
          <Group justify="flex-end" gap="xs" mt="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function changesIn(values: FormData, { isGit, removesToken }: { isGit: boolean; removesToken: boolean }) {
  const text = (name: string) => String(values.get(name) ?? '').trim();
  const token = text('access_token');
  const changes: RepositoryChanges = { name: text('name'), description: text('description') || null };
  if (!isGit) return changes;
  changes.branch = text('branch') || null;
  if (removesToken) changes.access_token = null;
  else if (token !== '') changes.access_token = token;
  return changes;
}
