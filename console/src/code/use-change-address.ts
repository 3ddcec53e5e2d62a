import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Changes what the page's address says behind its question mark. What it says now is asked of the browser: the router knows
 * it as of the last drawing, and of two changes in quick succession the first would be lost. */
export function useChangeAddress(): (change: (params: URLSearchParams) => URLSearchParams) => void {
  const [, setParams] = useSearchParams();
  return useCallback(
    (change) => setParams(change(new URLSearchParams(window.location.search)), { replace: true }),
    [setParams],
  );
}
