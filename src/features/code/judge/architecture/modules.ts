import { posix } from 'node:path';
import type { Architecture, CodeModule } from '../../analysis.ts';
import type { Edges } from '../../measure/imports/cycles.ts';
import type { FileMetrics } from '../../measure/metrics.ts';

/** Folders that say nothing about what is in them: modules begin below. */
const ROOTS = new Set([
  'src',
  'lib',
  'app',
  'packages',
  'apps',
  'services',
  'crates',
  'pkg',
  'internal',
  'cmd',
  'libs',
  'modules',
  'source',
]);
const MOST_MODULES = 200;
const MOST_ARROWS = 1_000;

/** Product code by folders, and which of them imports which. */
export function modulesOf(files: readonly FileMetrics[], edges: Edges): Pick<Architecture, 'modules' | 'arrows'> {
  const product = files.filter(({ role, reading }) => role === 'product' && reading !== 'lines');
  const moduleByPath = new Map(product.map(({ path }) => [path, moduleOf(path)]));
  const arrows = arrowsOf(moduleByPath, edges);
  const modules = [...Map.groupBy(product, ({ path }) => moduleByPath.get(path) ?? '')]
    .map(
      ([path, own]): CodeModule => ({
        path,
        files: own.length,
        codeLines: own.reduce((sum, file) => sum + file.codeLines, 0),
        importedBy: arrows.filter(({ to }) => to === path).length,
        imports: arrows.filter(({ from }) => from === path).length,
      }),
    )
    .sort((a, b) => b.codeLines - a.codeLines || (a.path < b.path ? -1 : 1))
    .slice(0, MOST_MODULES)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { modules, arrows: arrows.slice(0, MOST_ARROWS) };
}

/** `src/features/chat` of `src/features/chat/run/x.ts`; `.` for files at the root. */
export function moduleOf(path: string): string {
  const parts = posix.dirname(path).split('/');
  const roots = parts.findIndex((part) => !ROOTS.has(part));
  return parts.slice(0, roots < 0 ? parts.length : roots + 2).join('/');
}

function arrowsOf(moduleByPath: ReadonlyMap<string, string>, edges: Edges): Architecture['arrows'] {
  const counts = new Map<string, number>();
  for (const [path, targets] of edges) {
    const from = moduleByPath.get(path);
    if (from === undefined) continue;
    for (const target of targets) {
      const to = moduleByPath.get(target);
      if (to === undefined || to === from) continue;
      counts.set(`${from}\n${to}`, (counts.get(`${from}\n${to}`) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, imports]) => {
      const [from = '', to = ''] = key.split('\n');
      return { from, to, imports };
    });
}
