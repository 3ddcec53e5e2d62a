import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PlusIcon } from '@primer/octicons-react';
import { PanelPage } from '../ui/panel-page.tsx';
import { DropArea } from '../uploads/drop-area.tsx';
import { UploadList } from '../uploads/upload-list.tsx';
import { AddRepository } from './add-repository.tsx';
import { archiveUploads } from './archive-uploads.ts';
import { RepositoryList } from './repository-list.tsx';
import { useCodePermissions } from './use-permissions.ts';

/** The code bases of the tenant, each with what its latest analysis found. */
export function RepositoriesPage() {
  const [adding, { open, close }] = useDisclosure(false);
  const { work } = useCodePermissions();
  return (
    <PanelPage
      title="Repositories"
      lead="Code that is measured and judged. Everybody in this workspace sees what is found."
      action={
        work && (
          <Button leftSection={<PlusIcon size={16} />} onClick={open}>
            Add a repository
          </Button>
        )
      }
    >
      {work && (
        <DropArea
          label="Upload archives of code"
          title="Drop an archive of code here, or choose one"
          hint="zip, tar.gz or tar. For code at a git server, add its address instead."
          onDrop={archiveUploads.add}
        />
      )}
      <UploadList uploads={archiveUploads} />
      <RepositoryList onAdd={work ? open : null} />
      {adding && <AddRepository onClose={close} />}
    </PanelPage>
  );
}
