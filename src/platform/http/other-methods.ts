import type { App } from './app.ts';

export type OtherMethods = {
  /** The methods of a known address, in order of the alphabet; none where nothing is there. `path` is without a query. */
  at(path: string): string[];
};

type Known = { pattern: RegExp; methods: readonly string[] };

/** Remembers every route, to tell an address that takes other methods (405 with `Allow`, RFC 9110 §15.5.6) from one where
 * nothing is. Looked through only where no route took a request. */
export function rememberMethods(app: App): OtherMethods {
  const known: Known[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    known.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  return {
    at(path) {
      const here = known.filter(({ pattern }) => pattern.test(path));
      return [...new Set(here.flatMap(({ methods }) => methods))].sort();
    },
  };
}

/** Of a route's address: `:name` stands for a part, `*` at its end for any rest. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
