import type { IdPage } from '../../platform/http/id-page.ts';
import { readinessErrors } from './readiness.errors.ts';
import type { Report } from './report/report.ts';
import type { ReportShelf } from './report/report-shelf.ts';

/** What operators read of the reports that `parley readiness` has left. */
export type Readiness = {
  /** One more than asked for where there are more; the newest first. */
  list(page: IdPage): Promise<readonly Report[]>;
  /** `latest` is the newest. With what is wrong with the chain. @throws ApiError ERR_READINESS_001 */
  read(id: string): Promise<{ report: Report; chainFaults: readonly string[] }>;
};

export function createReadiness(shelf: ReportShelf): Readiness {
  return {
    list: async ({ limit, after }) => {
      const reports = await shelf.list();
      // Ids are in order of time.
      return reports.filter(({ id }) => after === null || id < after).slice(0, limit + 1);
    },
    read: async (id) => {
      const [report, chainFaults] = await Promise.all([shelf.find(id), shelf.verify()]);
      if (report === null || (id !== 'latest' && report.id !== id)) throw readinessErrors.notFound();
      return { report, chainFaults };
    },
  };
}
