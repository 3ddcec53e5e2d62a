import { Button, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PasteIcon } from '@primer/octicons-react';
import { useCredentials } from '../auth/use-credentials.ts';
import { useTitle } from '../ui/use-title.ts';
import { DropArea } from '../uploads/drop-area.tsx';
import { UploadList } from '../uploads/upload-list.tsx';
import { DocumentList } from './document-list.tsx';
import { documentUploads } from './document-uploads.ts';
import classes from './documents-page.module.css';
import { PasteText } from './paste-text.tsx';

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
        {!readOnly && (
          <DropArea
            label="Upload documents"
            title="Drop files here, or choose them"
            hint="PDF, Word, PowerPoint, Excel, web pages, Markdown, text, CSV, JSON, EPUB, e-mail"
            onDrop={documentUploads.add}
          />
        )}
        <UploadList uploads={documentUploads} />
        <DocumentList readOnly={readOnly} />
      </div>
      <PasteText opened={pasting} onClose={close} />
    </div>
  );
}
