import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import type { Analysis } from '../api/code.ts';
import classes from './code.module.css';
import { ComparisonPanel } from './comparison.tsx';
import { Figures } from './figures.tsx';
import { withParam } from './finding-filter.ts';
import { Findings } from './findings.tsx';
import { Judgement } from './judgement.tsx';
import { ReportMenu } from './report-menu.tsx';
import { Scores } from './scores.tsx';
import { SuggestionPanel } from './suggestions.tsx';
import { useChangeAddress } from './use-change-address.ts';
import { useCodePermissions } from './use-permissions.ts';
import { durationWords } from './words.ts';

const VIEWS = ['findings', 'changes', 'readiness', 'suggestions', 'figures'] as const;
type View = (typeof VIEWS)[number];

/** What an analysis found. Which part of it is shown stands in the address, so that it can be sent to somebody. */
export function AnalysisView({ analysis }: { analysis: Analysis }) {
  const [query] = useSearchParams();
  const changeAddress = useChangeAddress();
  const { administer } = useCodePermissions();
  const asked = query.get('view');
  const view: View = VIEWS.find((known) => known === asked) ?? 'findings';
  const show = (next: string | null) =>
    changeAddress((params) => withParam(params, 'view', next === 'findings' ? '' : (next ?? '')));
  const open = analysis.findings_by_status.open ?? 0;
  return (
    <>
      <section aria-label="Scores" className={classes.summary}>
        <div className={classes.summaryHead}>
          <p className={classes.quiet}>
            <About analysis={analysis} />
          </p>
          <ReportMenu analysisId={analysis.id} />
        </div>
        <Scores scores={analysis.scores} />
      </section>
      <Tabs value={view} onChange={show} keepMounted={false}>
        <Tabs.List aria-label="Parts of the analysis">
          <Tabs.Tab value="findings">Findings ({open.toLocaleString()} open)</Tabs.Tab>
          <Tabs.Tab value="changes">Changes</Tabs.Tab>
          <Tabs.Tab value="readiness">Readiness</Tabs.Tab>
          {(analysis.suggestions || administer) && <Tabs.Tab value="suggestions">Suggestions</Tabs.Tab>}
          <Tabs.Tab value="figures">Figures</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="findings" pt="md">
          <Findings analysis={analysis} />
        </Tabs.Panel>
        <Tabs.Panel value="changes" pt="md">
          <ComparisonPanel analysis={analysis} />
        </Tabs.Panel>
        <Tabs.Panel value="readiness" pt="md">
          {analysis.readiness && <Judgement judgement={analysis.readiness} root={analysis.source_root} />}
        </Tabs.Panel>
        <Tabs.Panel value="suggestions" pt="md">
          <SuggestionPanel suggestions={analysis.suggestions} root={analysis.source_root} />
        </Tabs.Panel>
        <Tabs.Panel value="figures" pt="md">
          <Figures analysis={analysis} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function About({ analysis }: { analysis: Analysis }) {
  const { completed_at, created_at, file_count, duration_ms, commit, engine } = analysis;
  const when = completed_at ?? created_at;
  return (
    <>
      Analysed <time dateTime={when}>{new Date(when).toLocaleString()}</time> · {file_count.toLocaleString()} files
      {duration_ms !== null && ` · ${durationWords(duration_ms)}`}
      {commit !== null && (
        <>
          {' · commit '}
          <code>{commit.slice(0, 12)}</code>
        </>
      )}
      {engine !== null && ` · rules ${engine}`}
    </>
  );
}
