import { useQuery } from '@tanstack/react-query';
import { formatUsd } from './money.ts';
import { usageQuery } from './queries.ts';
import classes from './usage-page.module.css';

const count = new Intl.NumberFormat('en-US');

export function ModelTable({ from }: { from: string }) {
  const usage = useQuery(usageQuery('model', from));
  const rows = usage.data?.data ?? [];
  return (
    <section aria-labelledby="by-model">
      <h2 id="by-model">By model</h2>
      {usage.isSuccess && rows.length === 0 && (
        <p className={classes.quiet}>No model of a provider was asked. The built-in one costs nothing.</p>
      )}
      {rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
        <section className={classes.scroll} tabIndex={0} aria-label="Table of models">
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" className={classes.number}>
                  Calls
                </th>
                <th scope="col" className={classes.number}>
                  Tokens in
                </th>
                <th scope="col" className={classes.number}>
                  Tokens out
                </th>
                <th scope="col" className={classes.number}>
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.model}>
                  <th scope="row">{row.model}</th>
                  <td className={classes.number}>{count.format(row.calls)}</td>
                  <td className={classes.number}>{count.format(row.input_tokens)}</td>
                  <td className={classes.number}>{count.format(row.output_tokens)}</td>
                  <td className={classes.number}>
                    {row.unpriced_calls === row.calls ? 'no price' : formatUsd(row.cost_usd)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
