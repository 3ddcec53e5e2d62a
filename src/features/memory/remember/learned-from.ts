import type { MemoryRole } from './memory.store.ts';

/** A new memory, as facts are drawn from it. */
export type LearnedFrom = {
  number: number;
  spaceId: number;
  role: MemoryRole;
  content: string;
  noise: string | null;
  validFrom: Date;
};
