import { type Repository, startAnalysis, uploadArchive } from '../api/code.ts';
import { notifyError } from '../ui/notify.tsx';
import { createUploads } from '../uploads/uploads.ts';
import { refreshRepositories } from './queries.ts';

/** The archives that this tab sends. Each is analysed as soon as it is there. */
export const archiveUploads = createUploads({ send: uploadArchive, onSent: (repository) => void analyse(repository) });

/** The first analysis of what was just added: it is there either way. */
export async function analyse({ id, name }: Repository): Promise<void> {
  await startAnalysis(id).catch((error: Error) => notifyError(`“${name}” was added, but is not analysed`, error));
  await refreshRepositories();
}
