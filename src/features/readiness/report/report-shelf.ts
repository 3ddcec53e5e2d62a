import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import { isUnchanged } from '../evidence/evidence.ts';
import { isReportUnchanged, REPORT_FORMAT, type Report, type Seal } from './report.ts';

/** The reports of an installation, as files in its data folder or in a bucket that its servers share. */
export type ReportShelf = {
  readonly location: string;
  put(report: Report): Promise<void>;
  /** The newest first; those that cannot be read are left out. */
  list(): Promise<readonly Report[]>;
  /** By its id, or the beginning of it that only one has; `latest` is the newest. Null where there is none. */
  find(id: string): Promise<Report | null>;
  /** What is wrong with the chain from the first report to the last; empty where it is whole. */
  verify(): Promise<readonly string[]>;
};

type Stored = { key: string; report: Report | null };

export function createReportShelf(storage: ObjectStorage, seal: Seal | null): ReportShelf {
  const readAll = async (): Promise<Stored[]> => {
    const keys = (await Array.fromAsync(storage.list(''))).filter((key) => key.endsWith('.json')).sort();
    return Promise.all(keys.map(async (key) => ({ key, report: parse(await storage.get(key)) })));
  };
  const list = async () => (await readAll()).flatMap(({ report }) => (report ? [report] : [])).reverse();
  return {
    location: storage.location,
    put: (report) => storage.put(keyOf(report), Buffer.from(`${JSON.stringify(report, null, 1)}\n`)),
    list,
    find: async (id) => {
      const reports = await list();
      if (id === 'latest') return reports[0] ?? null;
      const found = reports.filter((report) => report.id.startsWith(id));
      return found.length === 1 ? (found[0] ?? null) : null;
    },
    verify: async () => chainFaults(await readAll(), seal),
  };
}

/** Sorts by time. */
function keyOf({ started, id }: Report): string {
  return `${started.replace(/\.\d+|[-:]/g, '')}-${id}.json`;
}

function parse(bytes: Buffer | null): Report | null {
  try {
    const read = JSON.parse(bytes?.toString() ?? '') as Report;
    return read.format === REPORT_FORMAT && Array.isArray(read.results) ? read : null;
  } catch {
    // Told by `verify`, with the name of its file.
    return null;
  }
}

function chainFaults(stored: readonly Stored[], seal: Seal | null): string[] {
  const faults: string[] = [];
  let previous: string | null = null;
  for (const { key, report } of stored) {
    if (report === null) {
      faults.push(`${key} is no report that can be read`);
      continue;
    }
    if (key !== keyOf(report)) faults.push(`${key} has another report's name`);
    if (!isReportUnchanged(report)) faults.push(`${key} was changed after it was written`);
    if (report.previous !== previous)
      faults.push(`${key} does not follow the report before it: one was removed or added`);
    if (seal && report.seal !== null && report.seal !== seal(report.hash)) {
      faults.push(`${key} is not sealed with this installation's secret`);
    }
    // Where the settings were not usable there was no secret to seal with; such a report says NO-GO.
    if (seal && report.seal === null && report.verdict !== 'NO-GO') faults.push(`${key} is not sealed`);
    faults.push(...recordFaults(report).map((fault) => `${key}: ${fault}`));
    previous = report.hash;
  }
  return faults;
}

function recordFaults(report: Report): string[] {
  const faults = report.results
    .filter(({ record }) => record !== null && !isUnchanged(record))
    .map(({ check }) => `the record of ${check} was changed`);
  const fresh = report.results.flatMap(({ fresh: isFresh, record }) => (isFresh && record ? [record] : []));
  // In the order in which they were made: each names the one before.
  const byPrevious = new Map(fresh.map((record) => [record.previous, record]));
  let count = 0;
  for (let at = byPrevious.get(report.previous); at; at = byPrevious.get(at.hash)) count += 1;
  if (count !== fresh.length) faults.push('its records are not one chain');
  return faults;
}
