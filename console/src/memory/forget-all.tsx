import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type ForgottenView, forgetMyMemories, readForgetting } from '../api/memory.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { PanelSection } from '../ui/panel-page.tsx';
import { saveFile } from '../ui/save-file.ts';
import classes from './memory.module.css';
import { refreshMemory } from './queries.ts';

const LOOK_EVERY_MS = 500;

/** All memories and facts of whoever is signed in; their chats stay. Ends with a receipt. */
export function ForgetAll() {
  const [asking, { open, close }] = useDisclosure(false);
  const [gone, setGone] = useState(0);
  const forgetting = useMutation({
    mutationFn: () => forgetAll(setGone),
    onError: (error) => notifyError('Not everything was forgotten yet', error),
    onSettled: () => {
      close();
      return refreshMemory();
    },
  });
  return (
    <PanelSection title="Forget everything" lead="All memories and facts of yours. The chats themselves stay.">
      <div>
        <Button variant="default" onClick={open}>
          Forget everything
        </Button>
      </div>
      {forgetting.data && <Receipt forgotten={forgetting.data} />}
      <ConfirmDialog
        opened={asking}
        title="Forget everything?"
        confirm="Forget everything"
        busy={forgetting.isPending}
        onConfirm={() => forgetting.mutate()}
        onClose={close}
      >
        All that is remembered of you goes for good, with its history. Export it before if you may want it again.
        {forgetting.isPending && gone > 0 && ` Forgotten so far: ${gone.toLocaleString()}.`}
      </ConfirmDialog>
    </PanelSection>
  );
}

function Receipt({ forgotten: { receipt, signature } }: { forgotten: ForgottenView }) {
  if (!receipt) return null;
  const { memories = 0, facts = 0 } = receipt.counts;
  const save = () =>
    saveFile(
      new Blob([JSON.stringify({ receipt, signature }, null, 2)], { type: 'application/json' }),
      `forgetting-${receipt.id}.json`,
    );
  return (
    <Group gap="sm" role="status">
      <p className={classes.note}>
        Everything is forgotten. Memories with their earlier versions: {memories.toLocaleString()}, facts:{' '}
        {facts.toLocaleString()}.
      </p>
      <Button variant="subtle" size="compact-sm" onClick={save}>
        Save the signed receipt
      </Button>
    </Group>
  );
}

/** Has it forgotten, and waits for the receipt; what is left when the page is closed is forgotten all the same.
 * @throws ApiError */
async function forgetAll(onProgress: (gone: number) => void): Promise<ForgottenView> {
  let forgotten = await forgetMyMemories();
  while (forgotten.status === 'running') {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    forgotten = await readForgetting(forgotten.id);
    onProgress(forgotten.done.memories ?? 0);
  }
  return forgotten;
}
