import { Progress } from '@mantine/core';
import type { AnalysisSummary } from '../api/code.ts';
import { formatDay } from '../ui/format.ts';
import items from '../ui/item-list.module.css';
import { findingCount, isUnderWay, stageWords } from './words.ts';

/** How the latest analysis of a repository stands, in a line. */
export function AnalysisState({ analysis, name }: { analysis: AnalysisSummary | null; name: string }) {
  if (analysis === null) return <p className={items.meta}>Not analysed yet</p>;
  const { status, error, finding_count, completed_at, created_at } = analysis;
  if (isUnderWay(analysis)) return <UnderWay analysis={analysis} name={name} />;
  if (status === 'failed') {
    return <p className={items.error}>The analysis failed. {error?.detail ?? ''}</p>;
  }
  const when = formatDay(new Date(completed_at ?? created_at), new Date());
  if (status === 'cancelled') return <p className={items.meta}>The analysis was cancelled · {when}</p>;
  return (
    <p className={items.meta}>
      {findingCount(finding_count)} · analysed {when}
    </p>
  );
}

/** Says to screen readers what is being done, and lets them ask how far it is. How far a fetch is nobody knows. */
export function UnderWay({ analysis, name }: { analysis: AnalysisSummary; name: string }) {
  const percent = Math.floor(analysis.progress * 100);
  const label = `Analysing ${name}`;
  return (
    <>
      <p className={items.meta}>
        <span role="status">{stageWords(analysis)}</span>
        {percent > 0 && `, ${percent} %`}
      </p>
      {percent > 0 ? (
        <Progress value={percent} size="xs" mt={6} aria-label={label} />
      ) : (
        <Progress.Root size="xs" mt={6}>
          <Progress.Section value={100} animated withAria={false} role="progressbar" aria-label={label} />
        </Progress.Root>
      )}
    </>
  );
}
