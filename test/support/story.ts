/** For tests that tell a story in steps, each of which needs what the one before it left: none can be tried again alone. */
export const STORY = { retry: 0 } as const;
