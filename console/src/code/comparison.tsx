import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Analysis, Comparison, Finding } from '../api/code.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './code.module.css';
import { FindingList } from './finding-list.tsx';
import { comparisonQuery } from './queries.ts';
import { movement } from './words.ts';

/** What changed since the analysis before. */
export function ComparisonPanel({ analysis }: { analysis: Analysis }) {
  const query = useQuery(comparisonQuery(analysis.id));
  if (query.isPending) return <Skeleton height={160} radius="md" aria-label="Loading the comparison" />;
  if (query.isLoadingError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const comparison = query.data;
  if (!comparison || comparison.previous_analysis_id === null) {
    return (
      <div className={classes.empty}>
        <p className={classes.emptyTitle}>There is nothing to compare with yet</p>
        <p className={classes.quiet}>This is the first result of this repository. The next one is compared with it.</p>
      </div>
    );
  }
  return <Compared comparison={comparison} before={comparison.previous_analysis_id} analysis={analysis} />;
}

type Props = { comparison: Comparison; before: string; analysis: Analysis };

function Compared({ comparison, before, analysis }: Props) {
  const { counts, scores, gone } = comparison;
  return (
    <div className={classes.findings}>
      <p className={classes.quiet}>
        Since <Link to={`/repositories/${analysis.repository_id}/analyses/${before}`}>the analysis before</Link>:{' '}
        {counts.new.toLocaleString()} new, {counts.gone.toLocaleString()} gone, {counts.stayed.toLocaleString()} stayed.
      </p>
      <dl className={classes.scores}>
        {[...scores.slice(-1), ...scores.slice(0, -1)].map((score) => (
          <Moved key={score.name} {...score} />
        ))}
      </dl>
      <Group title="New" count={counts.new} findings={comparison.new} root={analysis.source_root} />
      <Group title="Gone" count={counts.gone} findings={gone} root={null} readOnly />
    </div>
  );
}

function Moved({ name, value, previous }: Comparison['scores'][number]) {
  const moved = movement(value, previous);
  return (
    <div className={classes.score}>
      <dt>{name}</dt>
      <dd className={classes.value}>{value}</dd>
      <dd className={moved === null ? classes.quiet : moved.isBetter ? classes.good : classes.bad}>
        {moved === null ? 'as before' : `${moved.words} from ${previous}`}
      </dd>
    </div>
  );
}

type GroupProps = {
  title: string;
  count: number;
  findings: readonly Finding[];
  root: string | null;
  readOnly?: boolean;
};

function Group({ title, count, findings, root, readOnly = false }: GroupProps) {
  if (count === 0) return null;
  return (
    <section aria-label={title}>
      <h2 className={classes.heading}>
        {title} ({count.toLocaleString()})
      </h2>
      {findings.length < count && (
        <p className={classes.quiet}>The worst {findings.length.toLocaleString()} are shown.</p>
      )}
      <FindingList label={title} findings={findings} root={root} readOnly={readOnly} />
    </section>
  );
}
