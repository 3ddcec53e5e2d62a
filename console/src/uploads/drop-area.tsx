import { Dropzone } from '@mantine/dropzone';
import { UploadIcon } from '@primer/octicons-react';
import classes from './drop-area.module.css';

type Props = { label: string; title: string; hint: string; onDrop: (files: readonly File[]) => void };

/** Takes any file: what can be read is the server's to say, and it says so for each file. */
export function DropArea({ label, title, hint, onDrop }: Props) {
  return (
    <Dropzone
      className={classes.drop ?? ''}
      onDrop={onDrop}
      inputProps={{ 'aria-label': label }}
      acceptColor="pine"
      unstyled={false}
    >
      <UploadIcon size={22} />
      <p className={classes.dropTitle}>{title}</p>
      <p className={classes.dropHint}>{hint}</p>
    </Dropzone>
  );
}
