import { Button, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PasteIcon } from '@primer/octicons-react';
import { useCredentials } from '../auth/use-credentials.ts';
import { useTitle } from '../ui/use-title.ts';
import { DocumentList } from './document-list.tsx';
import classes from './documents-page.module.css';
import { PasteText } from './paste-text.tsx';
import { UploadArea } from './upload-area.tsx';
import { UploadList } from './upload-list.tsx';

export function DocumentsPage() {
  useTitle('Documents');
  const [pasting, { open, close }] = useDisclosure(false);
  const readOnly = useCredentials()?.tenant.role === 'viewer';
  return (
    <div className={classes.page}>
      <div className={classes.column}>
        <header className={classes.header}>
          <div>
            <Title order={1} size="h3">
              Documents
            </Title>
            <p className={classes.lead}>
              What answers are drawn from. They can be asked about as soon as they are ready.
            </p>
          </div>
          {!readOnly && (
            <Button variant="default" leftSection={<PasteIcon size={16} />} onClick={open}>
              Paste text
            </Button>
          )}
        </header>
        {!readOnly && <UploadArea />}
        <UploadList />
        <DocumentList readOnly={readOnly} />
      </div>
      <PasteText opened={pasting} onClose={close} />
    </div>
  );
}
