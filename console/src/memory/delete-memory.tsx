import { useMutation } from '@tanstack/react-query';
import { deleteMemory } from '../api/memory.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { refreshMemory } from './queries.ts';

type Props = { id: string; opened: boolean; onClose: () => void; onDeleted?: () => void };

export function DeleteMemory({ id, opened, onClose, onDeleted }: Props) {
  const removal = useMutation({
    mutationFn: () => deleteMemory(id),
    onSuccess: () => onDeleted?.(),
    onError: (error) => notifyError('This was not forgotten', error),
    onSettled: () => {
      onClose();
      return refreshMemory();
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Forget this?"
      confirm="Forget"
      busy={removal.isPending}
      onConfirm={() => removal.mutate()}
      onClose={onClose}
    >
      The memory goes for good, with all that it said before and the facts that were drawn from it. The chat in which it
      was said stays.
    </ConfirmDialog>
  );
}
