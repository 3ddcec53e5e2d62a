import { request } from './request.ts';
import type { DocumentEntry, DocumentText, Page } from './types.ts';

const DOCUMENTS_A_PAGE = 50;

export function listDocuments(cursor: string | null, signal?: AbortSignal): Promise<Page<DocumentEntry>> {
  return request('/v1/documents', { query: { limit: DOCUMENTS_A_PAGE, cursor }, signal });
}

export function readDocument(id: string, signal?: AbortSignal): Promise<DocumentEntry> {
  return request(`/v1/documents/${id}`, { signal });
}

/** The text from `start` to `end`, both in characters; the answer says what it really gives. */
export function readDocumentText(
  id: string,
  range: { start: number; end: number },
  signal?: AbortSignal,
): Promise<DocumentText> {
  return request(`/v1/documents/${id}/content`, { query: range, signal });
}

export function createTextDocument(title: string, content: string): Promise<DocumentEntry> {
  return request('/v1/documents', { method: 'POST', body: { title, content, content_type: 'text/plain' } });
}

export function retryDocument(id: string): Promise<DocumentEntry> {
  return request(`/v1/documents/${id}/retry`, { method: 'POST', body: {} });
}

export function deleteDocument(id: string): Promise<void> {
  return request(`/v1/documents/${id}`, { method: 'DELETE' });
}
