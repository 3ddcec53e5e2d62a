import { ApiError } from '../api/problem.ts';
import type { UploadOptions } from '../api/upload.ts';

/**
 * The files being sent, kept outside React so that they go on while another page is shown.
 * waiting → sending → sent (and gone from here) or failed → waiting again, or dismissed.
 */
export type Upload = {
  id: number;
  file: File;
  state: 'waiting' | 'sending' | 'failed';
  /** 0 to 1, of the bytes sent. */
  progress: number;
  error: Error | null;
};

/** Two at once: one fills a slow line, and a second hides the server's answer time. */
const AT_ONCE = 2;

export type Uploads = ReturnType<typeof createUploads>;

export function createUploads<Sent>(options: {
  send: (file: File, options: UploadOptions) => Promise<Sent>;
  /** What a file has become at the server. */
  onSent: (sent: Sent) => void;
}) {
  let uploads: readonly Upload[] = [];
  const aborts = new Map<number, AbortController>();
  const listeners = new Set<() => void>();
  let lastId = 0;

  function set(next: readonly Upload[]): void {
    uploads = next;
    for (const listener of [...listeners]) listener();
  }

  function change(id: number, changes: Partial<Upload>): void {
    set(uploads.map((upload) => (upload.id === id ? { ...upload, ...changes } : upload)));
  }

  function remove(id: number): void {
    aborts.get(id)?.abort();
    aborts.delete(id);
    set(uploads.filter((upload) => upload.id !== id));
  }

  function next(): void {
    const sending = uploads.filter(({ state }) => state === 'sending').length;
    for (const upload of uploads.filter(({ state }) => state === 'waiting').slice(0, AT_ONCE - sending)) {
      void sendOne(upload);
    }
  }

  async function sendOne({ id, file }: Upload): Promise<void> {
    const abort = new AbortController();
    aborts.set(id, abort);
    change(id, { state: 'sending', progress: 0, error: null });
    try {
      const onProgress = (progress: number) => change(id, { progress });
      const sent = await options.send(file, { signal: abort.signal, onProgress });
      remove(id);
      options.onSent(sent);
    } catch (error) {
      if (!abort.signal.aborted) change(id, { state: 'failed', error: asError(error) });
    }
    next();
  }

  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    list: (): readonly Upload[] => uploads,
    add(files: readonly File[]): void {
      const added = files.map((file) => {
        lastId += 1;
        return { id: lastId, file, state: 'waiting', progress: 0, error: null } satisfies Upload;
      });
      set([...uploads, ...added]);
      next();
    },
    retry(id: number): void {
      change(id, { state: 'waiting', error: null });
      next();
    },
    /** Stops sending a file, or takes a failed one off the list. */
    dismiss(id: number): void {
      remove(id);
      next();
    },
    clear(): void {
      for (const { id } of uploads) remove(id);
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new ApiError(0, { detail: 'The upload failed.' });
}
