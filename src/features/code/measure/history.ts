import type { Commit } from '../analysis.ts';
import type { FileMetrics, HistoryMetrics } from './metrics.ts';

const MOST_HOTSPOTS = 20;
/** Beyond that a commit moves or formats what others wrote: it says nothing about a file. */
const MOST_FILES_OF_A_COMMIT = 500;

type Work = { commits: number; churn: number; authors: Set<string> };

/** What a history says; null where none came with the code. Hotspots (Tornhill): much changed and complex. */
export function measureHistory(
  history: readonly Commit[] | null,
  files: readonly FileMetrics[],
): HistoryMetrics | null {
  if (!history) return null;
  const byAuthor = new Map<string, number>();
  const byFile = new Map<string, Work>();
  let [added, removed] = [0, 0];
  for (const commit of history) {
    byAuthor.set(commit.author, (byAuthor.get(commit.author) ?? 0) + 1);
    for (const change of commit.files) {
      added += change.added;
      removed += change.removed;
      if (commit.files.length > MOST_FILES_OF_A_COMMIT) continue;
      const work = byFile.get(change.path) ?? { commits: 0, churn: 0, authors: new Set<string>() };
      work.commits++;
      work.churn += change.added + change.removed;
      work.authors.add(commit.author);
      byFile.set(change.path, work);
    }
  }
  const times = history.map(({ at }) => at).sort();
  const most = [...byAuthor.values()].reduce((highest, count) => Math.max(highest, count), 0);
  return {
    commits: history.length,
    authors: byAuthor.size,
    first: times[0] ?? null,
    last: times.at(-1) ?? null,
    added,
    removed,
    topAuthorPercent: history.length === 0 ? 0 : Math.round((1000 * most) / history.length) / 10,
    hotspots: hotspotsOf(byFile, files),
  };
}

function hotspotsOf(byFile: ReadonlyMap<string, Work>, files: readonly FileMetrics[]): HistoryMetrics['hotspots'] {
  return files
    .filter(({ role, complexity }) => role === 'product' && complexity > 0)
    .flatMap(({ path, complexity }) => {
      const work = byFile.get(path);
      return work && work.commits > 1
        ? [{ path, commits: work.commits, churn: work.churn, complexity, authors: work.authors.size }]
        : [];
    })
    .sort((a, b) => b.churn * b.complexity - a.churn * a.complexity || (a.path < b.path ? -1 : 1))
    .slice(0, MOST_HOTSPOTS);
}
