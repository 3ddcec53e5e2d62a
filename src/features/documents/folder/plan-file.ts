import { mayPass } from '../documents.errors.ts';
import type { SourceDocument } from '../sources.store.ts';

export type FilePlan =
  /** Ready, or failed for a reason that lies in the file. */
  | { kind: 'keep'; document: SourceDocument }
  /** Its ingestion was cut off, or may succeed now. */
  | { kind: 'resume'; document: SourceDocument }
  /** `replaces` stays searchable until the new version is ready; the others go at once. */
  | { kind: 'add'; replaces: string | null; retire: readonly string[] };

/** What is to be done for a file of that content, of which the source has these documents. */
export function planFile(contentHash: string, known: readonly SourceDocument[]): FilePlan {
  const newestFirst = [...known].sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
  const newest = newestFirst[0];
  if (newest?.content_hash === contentHash) {
    const isDone = newest.status === 'ready' || (newest.error !== null && !mayPass(newest.error));
    return { kind: isDone ? 'keep' : 'resume', document: newest };
  }
  const replaces = newestFirst.find(({ status }) => status === 'ready')?.id ?? null;
  return { kind: 'add', replaces, retire: known.map(({ id }) => id).filter((id) => id !== replaces) };
}
