import { createContext, useContext } from 'react';
import type { Citation } from '../api/types.ts';

type Target = { open: Citation | null; show: (citation: Citation) => void };

/** Which citation's passage is shown beside the chat, and how to show another. */
export const CitationTarget = createContext<Target>({ open: null, show: () => {} });

export function useCitationTarget(): Target {
  return useContext(CitationTarget);
}
