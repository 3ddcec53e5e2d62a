import { freshAccessToken, renewCredentials } from './access-token.ts';
import { ApiError, problemFromText } from './problem.ts';
import type { DocumentEntry } from './types.ts';

export type UploadOptions = { onProgress: (fraction: number) => void; signal: AbortSignal };

/** What it becomes at the server. @throws ApiError */
export function uploadDocument(file: File, options: UploadOptions): Promise<DocumentEntry> {
  return uploadFile('/v1/documents', file, options);
}

/** Sends one file. XMLHttpRequest, because fetch tells nothing of how much has been sent. @throws ApiError */
export async function uploadFile<Answer>(path: string, file: File, options: UploadOptions): Promise<Answer> {
  const token = await freshAccessToken();
  const first = await send(path, file, token, options);
  if (first.status !== 401) return answerOf(first);
  const renewed = await renewCredentials(token);
  return answerOf(await send(path, file, renewed.accessToken, options));
}

function send(path: string, file: File, token: string, { onProgress, signal }: UploadOptions): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file, file.name);
    request.open('POST', path);
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.setRequestHeader('accept', 'application/json');
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () => resolve(request);
    request.onerror = () => reject(cutOff(file));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    if (signal.aborted) reject(signal.reason);
    else request.send(form);
  });
}

function answerOf<Answer>(request: XMLHttpRequest): Answer {
  if (request.status >= 200 && request.status < 300) return JSON.parse(request.responseText) as Answer;
  throw problemFromText(request.status, request.responseText, {
    requestId: request.getResponseHeader('x-request-id'),
    retryAfter: request.getResponseHeader('retry-after'),
  });
}

/** A server that refuses a big body mid-way closes the connection, which looks to a browser like a lost network. */
function cutOff(file: File): ApiError {
  const megabytes = Math.round(file.size / 1_000_000);
  return new ApiError(0, {
    detail:
      megabytes > 20
        ? `The upload was cut off. The server may not take files of ${megabytes} MB.`
        : 'The upload was cut off. Check your connection and try again.',
  });
}
