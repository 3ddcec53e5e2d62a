import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import type { Analysis, FindingFilter } from '../api/code.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './code.module.css';
import { filterFrom, isNarrowed } from './finding-filter.ts';
import { FindingFilters } from './finding-filters.tsx';
import { FindingList } from './finding-list.tsx';
import { findingsQuery } from './queries.ts';
import { useChangeAddress } from './use-change-address.ts';
import { findingCount } from './words.ts';

/** The findings that a filter lets through, the worst first, page by page. */
export function Findings({ analysis }: { analysis: Analysis }) {
  const [params] = useSearchParams();
  const changeAddress = useChangeAddress();
  const filter = filterFrom(params);
  const query = useInfiniteQuery(findingsQuery(analysis.id, filter));
  const pages = query.data?.pages ?? [];
  const shown = pages.flatMap((page) => page.data);
  const total = pages[0]?.total ?? 0;
  const clear = (status: string) => changeAddress(() => new URLSearchParams(status === '' ? {} : { status }));
  return (
    <div className={classes.findings}>
      <FindingFilters analysis={analysis} filter={filter} />
      <LeftOut analysis={analysis} />
      {query.isPending && <Skeleton height={160} radius="md" aria-label="Loading the findings" />}
      {query.isLoadingError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <>
          <p className={classes.quiet} role="status">
            {countWords(total, shown.length)}
          </p>
          {shown.length > 0 && <FindingList label="Findings" findings={shown} root={analysis.source_root} />}
          {shown.length === 0 && <Nothing analysis={analysis} filter={filter} onClear={clear} />}
        </>
      )}
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </div>
  );
}

function countWords(total: number, shown: number): string {
  if (total === 0) return 'No findings';
  return shown < total ? `${findingCount(total)}, the first ${shown.toLocaleString()} shown` : findingCount(total);
}

type NothingProps = { analysis: Analysis; filter: FindingFilter; onClear: (status: string) => void };

function Nothing({ analysis, filter, onClear }: NothingProps) {
  const settled = analysis.finding_count - (analysis.findings_by_status.open ?? 0);
  if (isNarrowed(filter) || filter.status !== 'open') {
    return (
      <div className={classes.empty}>
        <p className={classes.emptyTitle}>Nothing fits this filter</p>
        <Button variant="default" mt="sm" onClick={() => onClear('')}>
          Show all that is open
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.empty}>
      <p className={classes.emptyTitle}>{settled > 0 ? 'Nothing is open' : 'No rule found anything'}</p>
      <p className={classes.quiet}>
        {settled > 0
          ? `All ${settled.toLocaleString()} are judged.`
          : 'That says what these rules look for, not that nothing is there.'}
      </p>
      {settled > 0 && (
        <Button variant="default" mt="sm" onClick={() => onClear('all')}>
          Show them
        </Button>
      )}
    </div>
  );
}

/** Rules that found more than is kept. */
function LeftOut({ analysis: { metrics } }: { analysis: Analysis }) {
  const rules = Object.entries(metrics?.findings_left_out ?? {});
  if (rules.length === 0) return null;
  const words = rules.map(([rule, count]) => `${rule} (${count.toLocaleString()} more)`).join(', ');
  return <p className={classes.quiet}>Of these rules only the worst findings are kept: {words}.</p>;
}
