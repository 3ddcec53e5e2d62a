import type { Analysis } from '../api/code.ts';
import type { Architecture, Metrics } from '../api/code-analysis.ts';
import classes from './code.module.css';
import { type Column, FigureTable } from './figure-table.tsx';
import { totalsOf } from './figure-totals.ts';
import { Place } from './place.tsx';

type Language = Metrics['languages'][number];
type ComplexFunction = NonNullable<Metrics['functions']>['most_complex'][number];
type ComplexFile = Metrics['files'][number];
type Pair = Metrics['duplication']['pairs'][number];
type Hotspot = NonNullable<Metrics['history']>['hotspots'][number];
type Declared = Metrics['dependencies']['declared'][number];
type Module = Architecture['modules'][number];

const count = (value: number) => value.toLocaleString();

/** What was counted and seen. */
export function Figures({ analysis }: { analysis: Analysis }) {
  const { metrics, architecture, source_root: root } = analysis;
  if (metrics === null) return <p className={classes.quiet}>Nothing was counted.</p>;
  const { duplication, dependencies, imports, history } = metrics;
  return (
    <div className={classes.findings}>
      <dl className={classes.scores}>
        {totalsOf(metrics).map(({ name, value, note }) => (
          <div key={name} className={classes.score}>
            <dt>{name}</dt>
            <dd className={classes.value}>{value}</dd>
            {note && <dd className={classes.quiet}>{note}</dd>}
          </div>
        ))}
      </dl>
      {architecture && <Seen architecture={architecture} />}
      <FigureTable title="Languages" columns={LANGUAGES} rows={metrics.languages} keyOf={({ language }) => language} />
      <FigureTable
        title="Most complex functions"
        lead="By the ways through them (McCabe); 15 is the bound."
        columns={functionColumns(root)}
        rows={metrics.functions?.most_complex ?? []}
        keyOf={({ path, line, name }) => `${path}:${line}:${name}`}
      />
      <FigureTable
        title="Most complex files"
        columns={fileColumns(root)}
        rows={metrics.files}
        keyOf={({ path }) => path}
      />
      <FigureTable
        title="Same lines in two places"
        lead={`${count(duplication.duplicated_lines)} lines are also elsewhere.`}
        columns={pairColumns(root)}
        rows={duplication.pairs}
        keyOf={({ a, b }) => `${a.path}:${a.line} ${b.path}:${b.line}`}
      />
      <FigureTable
        title="Rings of imports"
        lead="Files that import each other in the end."
        columns={RINGS}
        rows={imports.cycles}
        keyOf={(ring) => ring.join(' ')}
      />
      <FigureTable
        title="Most changed and complex"
        lead={history ? `Of the last ${count(history.commits)} commits.` : ''}
        columns={hotspotColumns(root)}
        rows={history?.hotspots ?? []}
        keyOf={({ path }) => path}
      />
      <FigureTable title="Modules" columns={MODULES} rows={architecture?.modules ?? []} keyOf={({ path }) => path} />
      <FigureTable
        title="Dependencies"
        columns={dependencyColumns(root)}
        rows={dependencies.declared}
        keyOf={({ ecosystem, name, manifest, line }) => `${ecosystem} ${name} ${manifest} ${line}`}
      />
      <FigureTable
        title="Not read as others are"
        lead={metrics.failed_left_out > 0 ? `And ${count(metrics.failed_left_out)} more.` : ''}
        columns={FAILED}
        rows={metrics.failed}
        keyOf={({ path }) => path}
      />
    </div>
  );
}

function Seen({ architecture: { projects, frameworks, patterns } }: { architecture: Architecture }) {
  const all = [
    ...projects.map((seen) => ({ kind: 'Project', ...seen })),
    ...frameworks.map((seen) => ({ kind: 'Framework', ...seen })),
    ...patterns.map((seen) => ({ kind: 'Sign of', ...seen })),
  ];
  return (
    <FigureTable
      title="What it is built of"
      lead="From manifests and folders: signs, not proofs."
      columns={[
        { title: 'What', cell: ({ kind, name }) => `${kind}: ${name}` },
        { title: 'Seen by', cell: ({ evidence }) => <code>{evidence}</code> },
      ]}
      rows={all}
      keyOf={({ kind, name, evidence }) => `${kind} ${name} ${evidence}`}
    />
  );
}

const LANGUAGES: readonly Column<Language>[] = [
  { title: 'Language', cell: ({ language }) => language },
  { title: 'Files', number: true, cell: ({ files }) => count(files) },
  { title: 'Lines of code', number: true, cell: ({ code_lines }) => count(code_lines) },
  { title: 'Comments', number: true, cell: ({ comment_lines }) => count(comment_lines) },
  { title: 'Functions', number: true, cell: ({ functions }) => count(functions) },
];

function functionColumns(root: string | null): readonly Column<ComplexFunction>[] {
  return [
    { title: 'Function', cell: ({ name }) => <code>{name}</code> },
    { title: 'Where', cell: ({ path, line }) => <Place root={root} path={path} line={line} /> },
    { title: 'Ways', number: true, cell: ({ complexity }) => count(complexity) },
    { title: 'Lines', number: true, cell: ({ lines }) => count(lines) },
  ];
}

function fileColumns(root: string | null): readonly Column<ComplexFile>[] {
  return [
    { title: 'File', cell: ({ path }) => <Place root={root} path={path} line={null} /> },
    { title: 'Lines of code', number: true, cell: ({ code_lines }) => count(code_lines) },
    { title: 'Functions', number: true, cell: ({ functions }) => count(functions) },
    { title: 'Ways, in all', number: true, cell: ({ complexity }) => count(complexity) },
  ];
}

function pairColumns(root: string | null): readonly Column<Pair>[] {
  return [
    { title: 'Here', cell: ({ a }) => <Place root={root} path={a.path} line={a.line} /> },
    { title: 'And there', cell: ({ b }) => <Place root={root} path={b.path} line={b.line} /> },
    { title: 'Lines', number: true, cell: ({ a }) => count(a.end_line - a.line + 1) },
  ];
}

const RINGS: readonly Column<string[]>[] = [
  { title: 'Ring', cell: (ring) => <code>{[...ring, ring[0]].join(' → ')}</code> },
];

function hotspotColumns(root: string | null): readonly Column<Hotspot>[] {
  return [
    { title: 'File', cell: ({ path }) => <Place root={root} path={path} line={null} /> },
    { title: 'Commits', number: true, cell: ({ commits }) => count(commits) },
    { title: 'Lines changed', number: true, cell: ({ churn }) => count(churn) },
    { title: 'Ways, in all', number: true, cell: ({ complexity }) => count(complexity) },
    { title: 'Authors', number: true, cell: ({ authors }) => count(authors) },
  ];
}

const MODULES: readonly Column<Module>[] = [
  { title: 'Folder', cell: ({ path }) => <code>{path}</code> },
  { title: 'Files', number: true, cell: ({ files }) => count(files) },
  { title: 'Lines of code', number: true, cell: ({ code_lines }) => count(code_lines) },
  { title: 'Imported by', number: true, cell: ({ imported_by }) => count(imported_by) },
  { title: 'Imports', number: true, cell: ({ imports }) => count(imports) },
];

function dependencyColumns(root: string | null): readonly Column<Declared>[] {
  return [
    { title: 'Package', cell: ({ name }) => name },
    { title: 'Version', cell: ({ locked, requirement }) => locked ?? requirement ?? '–' },
    { title: 'Exact', cell: ({ pinned }) => (pinned ? 'yes' : 'no') },
    { title: 'For', cell: ({ dev }) => (dev ? 'development' : 'running') },
    { title: 'Where', cell: ({ manifest, line }) => <Place root={root} path={manifest} line={line} /> },
  ];
}

const FAILED: readonly Column<{ path: string; reason: string }>[] = [
  { title: 'File', cell: ({ path }) => <code>{path}</code> },
  { title: 'Why', cell: ({ reason }) => reason.replaceAll('_', ' ') },
];
