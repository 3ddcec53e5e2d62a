import { uploadDocument } from '../api/upload.ts';
import { queryClient } from '../app/query-client.ts';
import { createUploads } from '../uploads/uploads.ts';
import { documentKeys } from './queries.ts';

/** The uploads of this tab. */
export const documentUploads = createUploads({
  send: uploadDocument,
  onSent: () => void queryClient.invalidateQueries({ queryKey: documentKeys.all }),
});
