import { freshAccessToken, renewCredentials } from './access-token.ts';
import { problemFrom, unreachable } from './problem.ts';

export type RequestOptions = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  query?: Record<string, string | number | null | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/** One JSON request with the user's credentials. @throws ApiError; an abort is thrown as it is */
export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await authorisedFetch(path, options);
  if (!response.ok) throw await problemFrom(response);
  if (response.status === 204) return undefined as Answer;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

/** A request without credentials: signing in and registering. @throws ApiError */
export async function publicRequest<Answer>(path: string, body?: unknown): Promise<Answer> {
  const response = await send(path, body === undefined ? {} : { method: 'POST', body });
  if (!response.ok) throw await problemFrom(response);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

/** The response as it is, after one renewal if the access token was refused. */
export async function authorisedFetch(path: string, options: RequestOptions = {}): Promise<Response> {
  const token = await freshAccessToken();
  const response = await send(path, options, token);
  if (response.status !== 401) return response;
  const renewed = await renewCredentials(token);
  return send(path, options, renewed.accessToken);
}

async function send(path: string, options: RequestOptions, token?: string): Promise<Response> {
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  try {
    return await fetch(`${path}${queryString(options.query)}`, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

function queryString(query: RequestOptions['query']): string {
  const entries = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}
