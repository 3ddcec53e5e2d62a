import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { KebabHorizontalIcon, PencilIcon, StopIcon, SyncIcon, TrashIcon } from '@primer/octicons-react';
import type { Repository } from '../api/code.ts';
import { DeleteRepository } from './delete-repository.tsx';
import { EditRepository } from './edit-repository.tsx';
import { useStartAnalysis } from './start-analysis.tsx';
import { useCancelAnalysis } from './use-cancel-analysis.ts';
import { useCodePermissions } from './use-permissions.ts';
import { isUnderWay } from './words.ts';

type Props = { repository: Repository; onDeleted?: () => void };

/** What somebody may do with a repository; nothing at all where they may only read. */
export function RepositoryMenu({ repository, onDeleted }: Props) {
  const { id, name, latest_analysis: latest } = repository;
  const [editing, edit] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  const { work, change } = useCodePermissions();
  const start = useStartAnalysis(id);
  const cancel = useCancelAnalysis();
  if (!work) return null;
  const mayChange = change(repository);
  const underWay = latest !== null && isUnderWay(latest) ? latest : null;
  if (!mayChange && underWay !== null && !change(underWay)) return null;
  return (
    <>
      <Menu position="bottom-end" width={180} shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${name}`}>
            <KebabHorizontalIcon size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {underWay === null && (
            <Menu.Item leftSection={<SyncIcon size={14} />} onClick={() => start.mutate()}>
              {latest === null ? 'Analyse' : 'Analyse again'}
            </Menu.Item>
          )}
          {underWay !== null && change(underWay) && (
            <Menu.Item leftSection={<StopIcon size={14} />} onClick={() => cancel.mutate(underWay.id)}>
              Cancel the analysis
            </Menu.Item>
          )}
          {mayChange && (
            <>
              <Menu.Item leftSection={<PencilIcon size={14} />} onClick={edit.open}>
                Edit
              </Menu.Item>
              <Menu.Item leftSection={<TrashIcon size={14} />} color="red" onClick={deletion.open}>
                Delete
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {editing && <EditRepository repository={repository} onClose={edit.close} />}
      <DeleteRepository
        repository={repository}
        opened={deleting}
        onClose={deletion.close}
        {...(onDeleted && { onDeleted })}
      />
    </>
  );
}
