const PREFIX = 'parley.draft.';

/**
 * What was typed and has not yet arrived at the server, for each session, so that a reload or a look at another chat loses
 * none of it.
 */
export function readDraft(sessionId: string | null): string {
  return sessionStorage.getItem(keyOf(sessionId)) ?? '';
}

export function saveDraft(sessionId: string | null, text: string): void {
  if (text === '') sessionStorage.removeItem(keyOf(sessionId));
  else sessionStorage.setItem(keyOf(sessionId), text);
}

/** Drafts belong to who typed them. */
export function clearDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}

function keyOf(sessionId: string | null): string {
  return `${PREFIX}${sessionId ?? 'new'}`;
}
