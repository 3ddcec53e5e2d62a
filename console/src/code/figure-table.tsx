import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './code.module.css';

export type Column<Row> = { title: string; number?: true; cell: (row: Row) => ReactNode };

type Props<Row> = {
  title: string;
  lead?: string;
  /** The first names its row. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
};

/** Rows at first, and more with each press: some lists have thousands. */
const FIRST = 10;
const MORE = 100;

/** A table of figures; nothing at all where there are none. */
export function FigureTable<Row>({ title, lead, columns, rows, keyOf }: Props<Row>) {
  const [most, setMost] = useState(FIRST);
  if (rows.length === 0) return null;
  const classOf = ({ number }: Column<Row>) => (number ? classes.number : undefined);
  return (
    <PanelSection title={title} {...(lead && { lead })}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className={classes.scroll} tabIndex={0} aria-label={`Table: ${title}`}>
        <table className={classes.table}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.title} scope="col" className={classOf(column)}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row) => (
              <tr key={keyOf(row)}>
                {columns.map((column, place) =>
                  place === 0 ? (
                    <th key={column.title} scope="row" className={classOf(column)}>
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td key={column.title} className={classOf(column)}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > most && (
        <Button variant="subtle" color="gray" fullWidth onClick={() => setMost(most + MORE)}>
          Show more ({(rows.length - most).toLocaleString()})
        </Button>
      )}
    </PanelSection>
  );
}
