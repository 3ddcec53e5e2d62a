import { FileDirectoryIcon, FileZipIcon, RepoIcon } from '@primer/octicons-react';
import { memo } from 'react';
import { Link } from 'react-router';
import type { Repository } from '../api/code.ts';
import items from '../ui/item-list.module.css';
import { AnalysisState } from './analysis-state.tsx';
import classes from './code.module.css';
import { RepositoryMenu } from './repository-menu.tsx';
import { StartAnalysis } from './start-analysis.tsx';
import { useCodePermissions } from './use-permissions.ts';
import { isUnderWay, originWords, toneOfGrade } from './words.ts';

const ICONS = { git: RepoIcon, archive: FileZipIcon, local: FileDirectoryIcon };

export const RepositoryRow = memo(function RepositoryRow({ repository }: { repository: Repository }) {
  const { id, name, kind, latest_analysis: latest } = repository;
  const { work } = useCodePermissions();
  const Icon = ICONS[kind];
  const offersStart = work && (latest === null || latest.status === 'failed' || latest.status === 'cancelled');
  return (
    <li className={`${items.row} ${classes.repository}`}>
      <span className={items.icon}>
        <Icon size={16} />
      </span>
      <div className={items.body}>
        <Link className={items.title} to={`/repositories/${id}`}>
          <bdi>{name}</bdi>
        </Link>
        <p className={`${items.meta} ${classes.origin}`}>{originWords(repository)}</p>
        <AnalysisState analysis={latest} name={name} />
        {offersStart && <StartAnalysis repository={repository} compact />}
      </div>
      {latest && !isUnderWay(latest) && <Overall latest={latest} />}
      <RepositoryMenu repository={repository} />
    </li>
  );
});

function Overall({ latest: { scores } }: { latest: NonNullable<Repository['latest_analysis']> }) {
  const overall = scores.at(-1);
  if (overall === undefined) return null;
  return (
    <span className={classes.overall}>
      <span className={`${classes.grade} ${classes[toneOfGrade(overall.grade)]}`}>
        <span className={classes.hidden}>Grade </span>
        {overall.grade}
      </span>
      <span className={classes.quiet}>{overall.value}</span>
    </span>
  );
}
