import { useSyncExternalStore } from 'react';
import { uploadDocument } from '../api/upload.ts';
import { queryClient } from '../app/query-client.ts';
import { documentKeys } from './queries.ts';
import { createUploads, type Upload } from './uploads.ts';

/** The uploads of this tab. */
export const documentUploads = createUploads({
  send: uploadDocument,
  onSent: () => void queryClient.invalidateQueries({ queryKey: documentKeys.all }),
});

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(documentUploads.subscribe, documentUploads.list);
}
