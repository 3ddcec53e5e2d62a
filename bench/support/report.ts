/** One line of the report: ours beside the reference of the same run. Absolute figures mean little on shared machines. */
export type Row = {
  what: string;
  ours: number;
  reference?: number;
  /** Ours in relation to the reference. */
  ratio?: number;
  /** Ours less the reference, in the unit of the row. */
  difference?: number;
  /** What the contract asks for. */
  goal?: string;
};

export function printRows(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  const shown = rows.map(({ what, ours, reference, ratio, difference, goal }) => [
    what,
    figure(ours),
    reference === undefined ? '' : figure(reference),
    ratio === undefined ? (difference === undefined ? '' : `+${figure(difference)}`) : `×${figure(ratio)}`,
    goal ?? '',
  ]);
  const table = [['', 'Parley', 'reference', 'relation', 'goal'], ...shown];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    console.log(
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
    );
  }
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}
