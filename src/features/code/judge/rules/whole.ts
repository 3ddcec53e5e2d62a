import type { Dependency, Metrics } from '../../measure/metrics.ts';
import { quoted } from './leftovers.ts';
import type { Remark } from './rule.ts';

const MOST_CYCLE_FILES_SHOWN = 8;
/** Tokens that are the same in two places, from which on it is worth a remark of its own: some 25 lines. */
const LARGE_DUPLICATE = 200;
const HOTSPOT = { commits: 10, complexity: 60 };

/** What is true of files together, or of the code base. `importLines`: by `path\ntarget`. */
export function* wholeCode(
  metrics: Metrics,
  importLines: ReadonlyMap<string, number>,
  product: ReadonlySet<string>,
): Iterable<Remark> {
  yield* cycles(metrics, importLines, product);
  yield* duplicates(metrics);
  yield* unpinned(metrics);
  yield* hotspots(metrics);
}

function* cycles(
  { imports }: Metrics,
  lines: ReadonlyMap<string, number>,
  product: ReadonlySet<string>,
): Iterable<Remark> {
  for (const cycle of imports.cycles) {
    if (!cycle.every((path) => product.has(path))) continue;
    const [first = '', second = ''] = cycle;
    const shown = [...cycle.slice(0, MOST_CYCLE_FILES_SHOWN), cycle.length > MOST_CYCLE_FILES_SHOWN ? '…' : first];
    yield {
      rule: 'structure/import-cycle',
      severity: 'medium',
      category: 'structure',
      path: first,
      line: lines.get(`${first}\n${second}`) ?? null,
      message: `${cycle.length} files import each other in a ring: none can be read, tested or moved without the others.`,
      evidence: shown.join(' → '),
      fix: 'Move what both need into a file that imports neither.',
      verify: null,
    };
  }
}

function* duplicates({ duplication }: Metrics): Iterable<Remark> {
  for (const { tokens, a, b } of duplication.pairs) {
    if (tokens < LARGE_DUPLICATE) continue;
    yield {
      rule: 'maintainability/duplicated-code',
      severity: tokens > 3 * LARGE_DUPLICATE ? 'medium' : 'low',
      category: 'maintainability',
      path: b.path,
      line: b.line,
      message: `${b.endLine - b.line + 1} lines are also in ${a.path}, line ${a.line} to ${a.endLine}.`,
      evidence: `${tokens} tokens as in ${a.path}`,
      fix: 'Give it one place and a name.',
      verify: `diff <(sed -n ${a.line},${a.endLine}p ${quoted(a.path)}) <(sed -n ${b.line},${b.endLine}p ${quoted(b.path)})`,
    };
  }
}

/** One remark for each manifest: what a build takes in changes from day to day. Libraries leave it to those who use them. */
function* unpinned({ dependencies }: Metrics): Iterable<Remark> {
  for (const { path, locked, library, ecosystem } of dependencies.manifests) {
    if (locked || library) continue;
    const loose = dependencies.declared.filter((entry) => entry.manifest === path && !entry.pinned && !isLocal(entry));
    const [first] = loose;
    if (!first) continue;
    yield {
      rule: 'dependencies/unpinned',
      severity: loose.some(({ dev }) => !dev) ? 'medium' : 'low',
      category: 'dependencies',
      path,
      line: first.line,
      message: `${loose.length} of the dependencies that ${ecosystem} installs from here have no exact version, and no lock file is beside or above: each build may take in others.`,
      evidence: loose
        .slice(0, 5)
        .map(({ name, requirement }) => `${name} ${requirement ?? 'any'}`)
        .join(', '),
      fix: 'Commit the lock file of the package manager, or name exact versions.',
      verify: null,
    };
  }
}

function isLocal({ requirement, ecosystem }: Dependency): boolean {
  if (/^(?:workspace|file|link|path|git)\b/.test(requirement ?? '')) return true;
  // Versions may come from a parent or a platform, which is elsewhere.
  return requirement === null && ['maven', 'gradle', 'nuget'].includes(ecosystem);
}

function* hotspots({ history, files }: Metrics): Iterable<Remark> {
  const complexity = new Map(files.map((file) => [file.path, file.maxComplexity]));
  for (const spot of history?.hotspots.slice(0, 5) ?? []) {
    if (
      spot.commits < HOTSPOT.commits ||
      spot.complexity < HOTSPOT.complexity ||
      (complexity.get(spot.path) ?? 0) <= 15
    )
      continue;
    yield {
      rule: 'maintainability/hotspot',
      severity: 'medium',
      category: 'maintainability',
      path: spot.path,
      line: null,
      message: `Changed in ${spot.commits} commits (${spot.churn} lines) and complex (${spot.complexity} in all): where work is slowest and faults are likeliest.`,
      evidence: `${spot.commits} commits, ${spot.churn} lines, ${spot.authors} authors`,
      fix: 'Simplify it before other files.',
      verify: `git log --oneline -- ${quoted(spot.path)}`,
    };
  }
}
