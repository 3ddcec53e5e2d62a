import type { CheckResult, Outcome } from '../api/readiness.ts';
import classes from './readiness.module.css';

const TONES: Readonly<Record<Outcome, string | undefined>> = {
  pass: classes.good,
  fail: classes.bad,
  'not run': classes.warn,
  expired: classes.warn,
  'not applicable': classes.quiet,
};

export function CheckRow({ result }: { result: CheckResult }) {
  const { check, kind, weight, title, outcome, waiver, evidence, reason, remedy } = result;
  const seen = reason ?? evidence?.observed;
  return (
    <li className={classes.check}>
      <span className={`${classes.outcome} ${TONES[outcome]}`}>{outcome}</span>
      <div className={classes.told}>
        <p className={classes.title}>{title}</p>
        <p className={classes.quiet}>
          {check} · {kind} · {weight}
        </p>
        {outcome !== 'pass' && seen && <p>{seen}</p>}
        {outcome === 'fail' && <p className={classes.quiet}>To do: {remedy}</p>}
        {waiver && (
          <p className={classes.warn}>
            Waived by {waiver.owner} until {waiver.until}: {waiver.reason}
          </p>
        )}
        {evidence && <Evidence result={result} evidence={evidence} />}
      </div>
    </li>
  );
}

function Evidence({ result, evidence }: { result: CheckResult; evidence: NonNullable<CheckResult['evidence']> }) {
  const { started, duration_ms, command, subject, expected, observed, valid_until, hash } = evidence;
  const facts: readonly (readonly [string, string])[] = [
    ['Expected', expected],
    ['Observed', observed],
    ['On', subject],
    [
      'When',
      `${new Date(started).toLocaleString()}, ${(duration_ms / 1000).toFixed(1)} s${result.fresh ? '' : ', from an earlier report'}`,
    ],
    ['Valid until', new Date(valid_until).toLocaleDateString()],
    ['Shows', result.items.join(' ')],
    ['Command', command],
    ['Hash', hash],
  ];
  return (
    <details className={classes.evidence}>
      <summary>Evidence</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
