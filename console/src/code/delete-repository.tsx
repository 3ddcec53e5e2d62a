import { useMutation } from '@tanstack/react-query';
import { deleteRepository, type Repository } from '../api/code.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { codeKeys } from './queries.ts';

type Props = { repository: Repository; opened: boolean; onClose: () => void; onDeleted?: () => void };

export function DeleteRepository({ repository: { id, name }, opened, onClose, onDeleted }: Props) {
  const remove = useMutation({
    mutationFn: () => deleteRepository(id),
    onSuccess: async () => {
      onDeleted?.();
      queryClient.removeQueries({ queryKey: codeKeys.repository(id) });
      queryClient.removeQueries({ queryKey: codeKeys.analyses(id) });
      await queryClient.invalidateQueries({ queryKey: codeKeys.repositories });
    },
    onError: (error) => notifyError('The repository was not deleted', error),
    onSettled: onClose,
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete this repository?"
      confirm="Delete"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      “{name}” goes from Parley for good, with its analyses, what was said of its findings and its access token. The
      code itself, where it came from, stays as it is.
    </ConfirmDialog>
  );
}
