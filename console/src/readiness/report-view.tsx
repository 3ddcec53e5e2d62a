import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { CATEGORIES, type CheckResult, type Report } from '../api/readiness.ts';
import { PanelSection } from '../ui/panel-page.tsx';
import { CheckRow } from './check-row.tsx';
import classes from './readiness.module.css';

const TONES = { GO: classes.good, 'CONDITIONAL GO': classes.warn, 'NO-GO': classes.bad } as const;

export function ReportView({ report }: { report: Report }) {
  const { verdict, started, commit, program, url, chain_faults, rule } = report;
  return (
    <>
      <section className={classes.summary} aria-label="Verdict">
        <p className={`${classes.verdict} ${TONES[verdict]}`}>{verdict}</p>
        <p className={classes.quiet}>
          {new Date(started).toLocaleString()} · Parley {program}, commit {commit.slice(0, 12)}
          {url === null ? '' : ` · asked ${url}`}
        </p>
        {chain_faults.length > 0 && (
          <div role="alert" className={classes.alarm}>
            <p>The chain of evidence is broken: what stands here may have been changed.</p>
            <ul>
              {chain_faults.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
          </div>
        )}
        <p className={classes.rule}>{rule}</p>
      </section>
      <Scores report={report} />
      <Results results={report.results} />
    </>
  );
}

function Scores({ report: { scores, targets, score_formula } }: { report: Report }) {
  return (
    <PanelSection title="Scores" lead={score_formula}>
      <dl className={classes.scores}>
        {CATEGORIES.map((category) => {
          const score = scores[category];
          const reached = score === null || score >= targets[category];
          return (
            <div key={category} className={classes.score}>
              <dt>{category}</dt>
              <dd className={reached ? classes.good : classes.bad}>{score ?? '–'}</dd>
              <dd className={classes.quiet}>{score === null ? 'nothing applies' : `of ${targets[category]}`}</dd>
            </div>
          );
        })}
      </dl>
    </PanelSection>
  );
}

function Results({ results }: { results: readonly CheckResult[] }) {
  const open = results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not applicable');
  const [show, setShow] = useState(open.length > 0 ? 'open' : 'all');
  const shown = show === 'open' ? open : results;
  const views = [
    { value: 'open', label: `Open (${open.length})` },
    { value: 'all', label: `All (${results.length})` },
  ];
  return (
    <PanelSection
      title="Checks"
      action={<SegmentedControl size="xs" data={views} value={show} onChange={setShow} aria-label="Which checks" />}
    >
      {shown.length === 0 && <p className={classes.quiet}>Nothing is open.</p>}
      {CATEGORIES.map((category) => {
        const own = shown.filter((result) => result.category === category);
        if (own.length === 0) return null;
        return (
          <div key={category}>
            <h3 className={classes.category}>{category}</h3>
            <ul className={classes.checks} aria-label={category}>
              {own.map((result) => (
                <CheckRow key={result.check} result={result} />
              ))}
            </ul>
          </div>
        );
      })}
    </PanelSection>
  );
}
