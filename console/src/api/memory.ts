import { problemFrom } from './problem.ts';
import { authorisedFetch, request } from './request.ts';
import type { Page } from './types.ts';

export type MemoryRole = 'user' | 'assistant' | 'system';

export type Memory = {
  id: string;
  session_id: string | null;
  conversation_id: string | null;
  scope: 'private' | 'shared';
  role: MemoryRole;
  content: string;
  metadata: Record<string, unknown>;
  importance_score: number;
  importance_override: number | null;
  /** Why it is never put before a model; null for what may be. */
  noise: string | null;
  embedding_status: 'pending' | 'completed' | 'failed';
  embedding_error: { code: string; detail: string } | null;
  archived: boolean;
  version: number;
  created_at: string;
  valid_from: string;
  valid_to: string | null;
};

export type Explanation = {
  weights: { similarity: number; importance: number; decay: number };
  age_seconds: number;
  time_factor: number;
  words: number;
  role_factor: number;
  context: number;
  best_lexical: number;
  cosine: number | null;
  coverage: number;
  terms: { lexeme: string; idf: number; frequency: number; score: number }[];
};

export type Recalled = {
  message_id: string;
  score: number;
  similarity: number;
  decay: number;
  importance: number;
  content: string;
  role: MemoryRole;
  scope: 'private' | 'shared';
  session_id: string | null;
  created_at: string;
  explanation?: Explanation;
};

export type RecallAnswer = {
  total: number;
  items: Recalled[];
  mode_used: 'hybrid' | 'words';
  time: { from: string; to: string; words: string } | null;
};

export type Fact = {
  id: string;
  about: string;
  attribute: string;
  value: string;
  /** The fact as one says it to the person. */
  sentence: string;
  valid_from: string;
  valid_to: string | null;
  origin: 'rule' | 'model' | 'person';
  message_id: string | null;
  quote: string | null;
};

export type MemoryStats = {
  memories: number;
  facts: number;
  noise: number;
  /** 0 to 1. */
  noise_share: number;
  duplicates: number;
  embedding: { pending: number; completed: number; failed: number };
};

const PAGE = 20;

export function readMemoryStats(signal?: AbortSignal): Promise<MemoryStats> {
  return request('/v1/memory/stats', { signal });
}

export function listMemories(cursor: string | null, signal?: AbortSignal): Promise<Page<Memory>> {
  return request('/v1/messages', { query: { limit: PAGE, cursor }, signal });
}

export type ForgottenView = {
  id: string;
  status: 'running' | 'completed';
  done: Record<string, number>;
  receipt: { id: string; counts: Record<string, number>; total: number } | null;
  signature: string | null;
};

/** All memories and facts of whoever is signed in. It goes on by itself. */
export function forgetMyMemories(): Promise<ForgottenView> {
  return request('/v1/forgetting', { method: 'POST', body: { kind: 'memories' } });
}

export function readForgetting(id: string): Promise<ForgottenView> {
  return request(`/v1/forgetting/${id}`);
}

export function readMemory(id: string, signal?: AbortSignal): Promise<Memory> {
  return request(`/v1/messages/${id}`, { signal });
}

export function listVersions(id: string, cursor: string | null, signal?: AbortSignal): Promise<Page<Memory>> {
  return request(`/v1/messages/${id}/versions`, { query: { limit: PAGE, cursor }, signal });
}

export function changeMemory(id: string, content: string): Promise<Memory> {
  return request(`/v1/messages/${id}`, { method: 'PUT', body: { content } });
}

export function deleteMemory(id: string): Promise<void> {
  return request(`/v1/messages/${id}`, { method: 'DELETE' });
}

export function searchMemory(query: string, signal?: AbortSignal): Promise<RecallAnswer> {
  return request('/v1/memory/search', { method: 'POST', body: { query, top_k: PAGE, explain: true }, signal });
}

export function listFacts(history: boolean, cursor: string | null, signal?: AbortSignal): Promise<Page<Fact>> {
  return request('/v1/memory/facts', { query: { limit: 50, history: String(history), cursor }, signal });
}

export function createFact(attribute: string, value: string): Promise<Fact> {
  return request('/v1/memory/facts', { method: 'POST', body: { attribute, value } });
}

export function correctFact(id: string, value: string): Promise<Fact> {
  return request(`/v1/memory/facts/${id}`, { method: 'PUT', body: { value } });
}

export function deleteFact(id: string): Promise<void> {
  return request(`/v1/memory/facts/${id}`, { method: 'DELETE' });
}

/** All that is remembered, as a file. @throws ApiError */
export async function exportMemory(format: 'json' | 'csv'): Promise<Blob> {
  const response = await authorisedFetch('/v1/memory/export', { query: { format } });
  if (!response.ok) throw await problemFrom(response);
  return response.blob();
}
