import { Dropzone } from '@mantine/dropzone';
import { UploadIcon } from '@primer/octicons-react';
import { documentUploads } from './document-uploads.ts';
import classes from './documents-page.module.css';

/** Takes any file: what can be read is the server's to say, and it says so for each file. */
export function UploadArea() {
  return (
    <Dropzone
      className={classes.drop ?? ''}
      onDrop={(files) => documentUploads.add(files)}
      inputProps={{ 'aria-label': 'Upload documents' }}
      acceptColor="pine"
      unstyled={false}
    >
      <UploadIcon size={22} />
      <p className={classes.dropTitle}>Drop files here, or choose them</p>
      <p className={classes.dropHint}>
        PDF, Word, PowerPoint, Excel, web pages, Markdown, text, CSV, JSON, EPUB, e-mail
      </p>
    </Dropzone>
  );
}
