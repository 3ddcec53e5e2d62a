import { readCredentials, signInExpired, subscribeToCredentials } from '../api/credentials.ts';
import { liveRuns } from '../chat/chat-runs.ts';
import { clearDrafts } from '../chat/drafts.ts';
import { archiveUploads } from '../code/archive-uploads.ts';
import { documentUploads } from '../documents/document-uploads.ts';
import { queryClient } from './query-client.ts';

/** Leaves nothing of one user when another signs in, in this tab or in another one. */
export function watchUser(): void {
  const owner = () => {
    const credentials = readCredentials();
    return credentials === null ? null : `${credentials.user.id} ${credentials.tenant.id}`;
  };
  let last = owner();
  subscribeToCredentials(() => {
    const now = owner();
    if (now === last) return;
    last = now;
    liveRuns.release();
    documentUploads.clear();
    archiveUploads.clear();
    queryClient.clear();
    // Signed out for lack of a fresh token keeps the drafts: the same person goes on.
    if (now !== null || !signInExpired()) clearDrafts();
  });
}
