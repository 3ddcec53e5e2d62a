import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import { PanelPage } from '../ui/panel-page.tsx';
import { History } from './history.tsx';
import { reportQuery, reportsQuery } from './queries.ts';
import classes from './readiness.module.css';
import { ReportView } from './report-view.tsx';

/** What `parley readiness` found, now and before: for operators. */
export function ReadinessPage() {
  const isOperator = useCredentials()?.user.is_operator === true;
  return (
    <PanelPage
      title="Readiness"
      lead={
        isOperator
          ? 'Whether this installation is ready for production, and what shows it.'
          : 'The readiness of this installation is its operators’ business.'
      }
    >
      {isOperator && <Reports />}
    </PanelPage>
  );
}

function Reports() {
  const { reportId } = useParams();
  const reports = useInfiniteQuery(reportsQuery);
  const heads = reports.data?.pages.flatMap((page) => page.data) ?? [];
  const shown = reportId ?? heads[0]?.id;
  if (reports.isPending) return <PageLoading />;
  if (reports.isError) return <ErrorNotice error={reports.error} onRetry={() => void reports.refetch()} />;
  if (shown === undefined) return <Nothing />;
  return (
    <>
      <OneReport id={shown} />
      <History
        heads={heads}
        shown={shown}
        more={reports.hasNextPage ? () => void reports.fetchNextPage() : null}
        loading={reports.isFetchingNextPage}
      />
    </>
  );
}

function OneReport({ id }: { id: string }) {
  const report = useQuery(reportQuery(id));
  if (report.isPending) return <PageLoading />;
  if (report.isError) return <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />;
  return <ReportView report={report.data} />;
}

function Nothing() {
  return (
    <div className={classes.empty}>
      <p>There is no report yet. On the machine of the server, run</p>
      <pre className={classes.command}>npx parley readiness</pre>
      <p className={classes.quiet}>
        It looks at files, settings and the running server, and changes nothing. With <code>--drills</code> it also
        breaks things, in scratch installations of its own.
      </p>
    </div>
  );
}
