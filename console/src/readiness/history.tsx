import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { ReportHead } from '../api/readiness.ts';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './readiness.module.css';

type Props = { heads: readonly ReportHead[]; shown: string; more: (() => void) | null; loading: boolean };

/** Earlier reports, each a link; the one that is shown is marked. */
export function History({ heads, shown, more, loading }: Props) {
  return (
    <PanelSection title="History" lead="Reports are kept and chained by their hashes.">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className={classes.scroll} tabIndex={0} aria-label="Table of reports">
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Verdict</th>
              <th scope="col">Score</th>
              <th scope="col">Passed</th>
              <th scope="col">Failed</th>
              <th scope="col">Not run</th>
              <th scope="col">Commit</th>
            </tr>
          </thead>
          <tbody>
            {heads.map((head) => (
              <tr key={head.id} aria-current={head.id === shown ? 'true' : undefined}>
                <th scope="row">
                  <Link to={`/readiness/${head.id}`}>{new Date(head.started).toLocaleString()}</Link>
                </th>
                <td>{head.verdict}</td>
                <td>{head.scores.overall ?? '–'}</td>
                <td>{head.outcomes.pass}</td>
                <td>{head.outcomes.fail}</td>
                <td>{head.outcomes['not run'] + head.outcomes.expired}</td>
                <td>{head.commit.slice(0, 12)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {more !== null && (
        <Button variant="subtle" color="gray" fullWidth loading={loading} onClick={more}>
          Show more
        </Button>
      )}
    </PanelSection>
  );
}
