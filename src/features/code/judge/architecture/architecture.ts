import type { Architecture, CodeFile } from '../../analysis.ts';
import type { Edges } from '../../measure/imports/cycles.ts';
import type { FileMetrics, Metrics } from '../../measure/metrics.ts';
import { frameworksOf, projectsOf } from './frameworks.ts';
import { modulesOf } from './modules.ts';
import { patternsOf } from './patterns.ts';

/** What a code base is built of and how, each with what it was seen by. */
export function architectureOf(files: readonly CodeFile[], metrics: Metrics, edges: Edges): Architecture {
  return {
    languages: sharesOf(metrics.files),
    projects: projectsOf(metrics.dependencies),
    frameworks: frameworksOf(metrics.dependencies),
    patterns: patternsOf(files, metrics),
    ...modulesOf(metrics.files, edges),
  };
}

/** In percent of the lines of product code, programs only. */
function sharesOf(files: readonly FileMetrics[]): Architecture['languages'] {
  const product = files.filter(
    ({ role, functions, reading }) => role === 'product' && (functions > 0 || reading !== 'lines'),
  );
  const all = product.reduce((sum, { codeLines }) => sum + codeLines, 0);
  return [...Map.groupBy(product, ({ language }) => language)]
    .map(([name, own]) => ({
      name,
      share: Math.round((1_000 * own.reduce((sum, { codeLines }) => sum + codeLines, 0)) / Math.max(1, all)) / 10,
    }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}
