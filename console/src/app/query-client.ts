import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/problem.ts';

const RETRIES = 2;

/** What the server refused for good is not asked again; what may pass is, twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < RETRIES && (!(error instanceof ApiError) || error.temporary),
      // The browser's own notion of being online is wrong on machines without a route to the Internet.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
