import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { deleteFact, deleteMemories, listFacts, listMemories } from '../api/memory.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './memory.module.css';
import { refreshMemory } from './queries.ts';

/** All memories and facts of whoever is signed in; their chats stay. */
export function ForgetAll() {
  const [asking, { open, close }] = useDisclosure(false);
  const [gone, setGone] = useState(0);
  const forgetting = useMutation({
    mutationFn: () => forgetAll(setGone),
    onError: (error) => notifyError('Not everything was forgotten', error),
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
      {forgetting.isSuccess && (
        <p className={classes.note} role="status">
          Everything is forgotten.
        </p>
      )}
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

/** By as many as one request takes. What is said meanwhile goes, too. @throws ApiError */
async function forgetAll(onProgress: (gone: number) => void): Promise<void> {
  let gone = 0;
  for (;;) {
    const { data } = await listMemories(null, undefined, 100);
    if (data.length === 0) break;
    await deleteMemories(data.map(({ id }) => id));
    gone += data.length;
    onProgress(gone);
  }
  // Facts that were drawn from a memory went with it.
  for (;;) {
    const { data } = await listFacts(true, null);
    if (data.length === 0) break;
    for (const { id } of data) await deleteFact(id);
  }
}
