import { vi } from 'vitest';

/** Stands in for one browser's storage. What it keeps is gone with `vi.unstubAllGlobals`. */
export function stubBrowser(): Map<string, string> {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.stubGlobal('window', new EventTarget());
  return kept;
}
