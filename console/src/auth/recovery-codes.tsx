import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { CheckIcon, CopyIcon } from '@primer/octicons-react';
import classes from './recovery-codes.module.css';

/** Shown once. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const clipboard = useClipboard();
  return (
    <div>
      <ul className={classes.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Button
        variant="default"
        size="xs"
        leftSection={clipboard.copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
        onClick={() => clipboard.copy(codes.join('\n'))}
      >
        {clipboard.copied ? 'Copied' : 'Copy all'}
      </Button>
    </div>
  );
}
