import { VisuallyHidden } from '@mantine/core';
import classes from './day-chart.module.css';
import { formatUsd } from './money.ts';

const HEIGHT = 96;
const STEP = 20;
const BAR = 14;
/** A day with any cost at all is to be seen. */
const LEAST = 2;

type Props = { days: readonly string[]; costs: ReadonlyMap<string, number> };

/** A bar for each day. Who cannot see it has the same figures as a table. */
export function DayChart({ days, costs }: Props) {
  const highest = Math.max(...costs.values(), 0);
  const heightOf = (cost: number) => (cost === 0 ? 0 : Math.max(LEAST, (cost / highest) * HEIGHT));
  return (
    <section aria-labelledby="by-day">
      <h2 id="by-day" className={classes.heading}>
        By day
      </h2>
      {highest === 0 ? (
        <p className={classes.nothing}>Nothing was spent in the last 31 days.</p>
      ) : (
        <figure className={classes.figure}>
          <svg viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            {days.map((day, index) => {
              const height = heightOf(costs.get(day) ?? 0);
              return (
                <rect key={day} x={index * STEP + 3} y={HEIGHT - height} width={BAR} height={height} rx={2}>
                  <title>{`${day}: ${formatUsd(costs.get(day) ?? 0)}`}</title>
                </rect>
              );
            })}
          </svg>
          <figcaption className={classes.axis}>
            <span>{days[0]}</span>
            <span>highest: {formatUsd(highest)}</span>
            <span>{days.at(-1)}</span>
          </figcaption>
          <VisuallyHidden>
            <table>
              <caption>Cost by day</caption>
              <tbody>
                {days.map((day) => (
                  <tr key={day}>
                    <th scope="row">{day}</th>
                    <td>{formatUsd(costs.get(day) ?? 0)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </VisuallyHidden>
        </figure>
      )}
    </section>
  );
}
