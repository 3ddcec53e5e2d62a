import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { Criterion, CriterionStatus, Judgement as Judged } from '../api/code-analysis.ts';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './code.module.css';
import { InlineCode } from './inline-code.tsx';
import { Place } from './place.tsx';

const VERDICT_TONES = { GO: classes.good, 'CONDITIONAL GO': classes.warn, 'NO-GO': classes.bad } as const;
const STATUS_WORDS: Readonly<Record<CriterionStatus, string>> = {
  met: 'Met',
  partly: 'Partly met',
  missing: 'Missing',
  unknown: 'Unknown',
  not_applicable: 'Not applicable',
};
const STATUS_TONES: Readonly<Record<CriterionStatus, string | undefined>> = {
  met: classes.good,
  partly: classes.warn,
  missing: classes.bad,
  unknown: classes.warn,
  not_applicable: classes.quiet,
};

/** Whether the code is ready for production, and by which criteria. */
export function Judgement({ judgement, root }: { judgement: Judged; root: string | null }) {
  const { verdict, rule, reasons, profile, scores, formula } = judgement;
  return (
    <div className={classes.findings}>
      <section aria-label="Verdict">
        <p className={`${classes.verdict} ${VERDICT_TONES[verdict]}`}>{verdict}</p>
        <p className={classes.quiet}>
          {profile.length > 0
            ? `Taken for something that ${profile.map(({ trait }) => trait).join(', ')}.`
            : 'Taken for something that serves nobody by itself: a library, or files.'}
        </p>
        {reasons.length > 0 && (
          <ul className={classes.reasons}>
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
      </section>
      <dl className={classes.scores}>
        {scores.map(({ category, value, goal }) => (
          <div key={category} className={classes.score}>
            <dt>{category}</dt>
            <dd className={`${classes.value} ${value === null || value >= goal ? classes.good : classes.bad}`}>
              {value ?? '–'}
            </dd>
            <dd className={classes.quiet}>{value === null ? 'nothing applies' : `${goal} is wanted`}</dd>
          </div>
        ))}
      </dl>
      <details className={classes.details}>
        <summary>How this is judged</summary>
        <p>{rule}</p>
        <p>{formula}</p>
      </details>
      <Criteria criteria={judgement.criteria} root={root} />
    </div>
  );
}

function Criteria({ criteria, root }: { criteria: readonly Criterion[]; root: string | null }) {
  const open = criteria.filter(({ status }) => status !== 'met' && status !== 'not_applicable');
  const [show, setShow] = useState(open.length > 0 ? 'open' : 'all');
  const shown = show === 'open' ? open : criteria;
  const areas = [...new Set(shown.map(({ area }) => area))];
  const views = [
    { value: 'open', label: `Open (${open.length})` },
    { value: 'all', label: `All (${criteria.length})` },
  ];
  return (
    <PanelSection
      title="Criteria"
      action={<SegmentedControl size="xs" data={views} value={show} onChange={setShow} aria-label="Which criteria" />}
    >
      {shown.length === 0 && <p className={classes.quiet}>Nothing is open.</p>}
      {areas.map((area) => (
        <section key={area} aria-label={area}>
          <h3 className={classes.area}>{area}</h3>
          <ul className={classes.list}>
            {shown
              .filter((criterion) => criterion.area === area)
              .map((criterion) => (
                <CriterionRow key={criterion.id} criterion={criterion} root={root} />
              ))}
          </ul>
        </section>
      ))}
    </PanelSection>
  );
}

function CriterionRow({ criterion, root }: { criterion: Criterion; root: string | null }) {
  const { id, severity, title, status, observed, evidence, fix, verify } = criterion;
  const isOpen = status !== 'met' && status !== 'not_applicable';
  return (
    <li className={classes.finding}>
      <span className={`${classes.state} ${STATUS_TONES[status]}`}>{STATUS_WORDS[status]}</span>
      <div className={classes.told}>
        <p className={classes.message}>{title}</p>
        <p>
          <InlineCode text={observed} />
        </p>
        {isOpen && fix !== '' && (
          <p className={classes.fix}>
            To do: <InlineCode text={fix} />
          </p>
        )}
        <p className={classes.quiet}>
          {id} · {severity}
        </p>
        {(evidence.length > 0 || verify !== '') && (
          <details className={classes.details}>
            <summary>Evidence</summary>
            {evidence.map(({ path, line, text }) => (
              <div key={`${path}:${line} ${text}`}>
                <Place root={root} path={path} line={line} />
                {text !== '' && <pre className={classes.evidence}>{text}</pre>}
              </div>
            ))}
            {verify !== '' && (
              <p>
                To see it: <code className={classes.command}>{verify}</code>
              </p>
            )}
          </details>
        )}
      </div>
    </li>
  );
}
