import type { Metrics } from '../api/code-analysis.ts';

export type Total = { name: string; value: string; note: string | null };

/** The figures that say most, in words. */
export function totalsOf({ totals, duplication, dependencies, imports, history }: Metrics): readonly Total[] {
  const count = (value: number) => value.toLocaleString();
  const { declared } = dependencies;
  const unpinned = declared.filter(({ pinned, dev }) => !pinned && !dev).length;
  const all: readonly (Total | null)[] = [
    { name: 'Files', value: count(totals.files), note: null },
    { name: 'Lines of code', value: count(totals.code_lines), note: `${count(totals.comment_lines)} of comments` },
    { name: 'Functions', value: count(totals.functions), note: null },
    { name: 'Also elsewhere', value: `${duplication.percent} %`, note: 'of the lines of code' },
    {
      name: 'Dependencies',
      value: count(declared.length),
      note: unpinned === 0 ? null : `${count(unpinned)} without an exact version`,
    },
    // Where no imports could be read, a zero would say more than is known.
    imports.files === 0
      ? null
      : {
          name: 'In rings of imports',
          value: count(imports.files_in_cycles),
          note: `of ${count(imports.files)} files`,
        },
    history && {
      name: 'Commits read',
      value: count(history.commits),
      note: history.authors === 1 ? 'by one author' : `by ${count(history.authors)} authors`,
    },
  ];
  return all.filter((total) => total !== null);
}
