import { useMediaQuery } from '@mantine/hooks';

/** Phones and small tablets. Read at once, so that a phone never draws the wide page first. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false }) ?? false;
}

/** Too narrow to have a source beside the answer. */
export function useNoRoomBeside(): boolean {
  return useMediaQuery('(max-width: 70em)', undefined, { getInitialValueInEffect: false }) ?? false;
}
