import { useMutation } from '@tanstack/react-query';
import { deleteDocument } from '../api/documents.ts';
import type { DocumentEntry } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import { documentKeys } from './queries.ts';

type Props = { document: DocumentEntry; opened: boolean; onClose: () => void; onDeleted?: () => void };

export function DeleteDocument({ document, opened, onClose, onDeleted }: Props) {
  const { id, title } = document;
  const remove = useMutation({
    mutationFn: () => deleteDocument(id),
    onSuccess: async () => {
      onDeleted?.();
      queryClient.removeQueries({ queryKey: documentKeys.text(id) });
      queryClient.removeQueries({ queryKey: documentKeys.one(id) });
      await queryClient.invalidateQueries({ queryKey: documentKeys.all });
    },
    onError: (error) => notifyError('The document was not deleted', error),
    onSettled: onClose,
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete this document?"
      confirm="Delete"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      “{title}” will be deleted for good, and no answer will use it from now on. Answers that were already given keep
      their quotes.
    </ConfirmDialog>
  );
}
