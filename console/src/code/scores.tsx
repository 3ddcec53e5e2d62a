import type { Score } from '../api/code.ts';
import classes from './code.module.css';
import { toneOfGrade } from './words.ts';

/** Overall first; how each is counted stands below, as it is published. */
export function Scores({ scores }: { scores: readonly Score[] }) {
  const ordered = [...scores.slice(-1), ...scores.slice(0, -1)];
  return (
    <>
      <dl className={classes.scores}>
        {ordered.map(({ name, grade, value }) => (
          <div key={name} className={classes.score}>
            <dt>{name}</dt>
            <dd className={`${classes.grade} ${classes[toneOfGrade(grade)]}`}>{grade}</dd>
            <dd className={classes.quiet}>{value} of 100</dd>
          </div>
        ))}
      </dl>
      <details className={classes.details}>
        <summary>How the scores are counted</summary>
        <p>A from 90, B from 80, C from 70, D from 60, E below.</p>
        <dl>
          {ordered.map(({ name, formula, inputs }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formula}</dd>
              <dd className={classes.inputs}>
                {Object.entries(inputs)
                  .map(([input, amount]) => `${input} ${amount.toLocaleString()}`)
                  .join(' · ')}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}
