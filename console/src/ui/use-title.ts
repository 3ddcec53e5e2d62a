import { useEffect } from 'react';

/** Names the browser's tab, and the page to screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Parley' : `${title} · Parley`;
  }, [title]);
}
