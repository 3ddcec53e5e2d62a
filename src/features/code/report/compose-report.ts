import type { Analysis, Finding } from '../analysis.ts';
import type { Judged } from '../judge/readiness/judgement.ts';
import { type Block, code, heading, list, paragraph, plain, quiet, type Span, strong, table } from './document.ts';
import type { ReportContext } from './report-context.ts';
import { sourceLink } from './source-link.ts';

/** Of one report that people read; JSON and SARIF have all. */
const MOST_FINDINGS = 500;
const WORDS = {
  met: 'met',
  partly: 'partly met',
  missing: 'missing',
  unknown: 'unknown',
  not_applicable: 'not applicable',
};

/** What a report for people says, in its order: the verdict first, the figures last. */
export function composeReport(analysis: Analysis, context: ReportContext): readonly Block[] {
  return [
    heading(1, `Analysis of ${context.repository}`),
    paragraph(
      quiet(
        `${context.commit ? `Commit ${context.commit}` : 'Without a commit'}, ${context.analysedAt}, rules ${analysis.engine}.`,
      ),
    ),
    ...verdictOf(analysis),
    ...scoresOf(analysis),
    ...findingsOf(analysis, context),
    ...criteriaOf(analysis, context),
    ...suggestionsOf(context),
    ...figuresOf(analysis),
  ];
}

function verdictOf({ readiness }: Analysis): Block[] {
  return [
    heading(2, `Readiness for production: ${readiness.verdict}`),
    ...(readiness.reasons.length > 0 ? [list(readiness.reasons.map((reason) => [plain(reason)]))] : []),
    paragraph(quiet(readiness.rule)),
    table(
      ['Category', 'Score', 'Goal'],
      readiness.scores.map(({ category, value, goal }) => [
        plain(category),
        plain(value === null ? 'nothing applies' : String(value)),
        plain(String(goal)),
      ]),
    ),
    paragraph(quiet(readiness.formula)),
  ];
}

function scoresOf({ scores }: Analysis): Block[] {
  return [
    heading(2, 'Scores'),
    table(
      ['Score', 'Grade', 'Value'],
      scores.map(({ name, grade, value }) => [plain(name), strong(grade), plain(String(value))]),
    ),
    list(scores.map(({ name, formula }) => [strong(`${name}: `), quiet(formula)])),
  ];
}

function findingsOf({ findings }: Analysis, context: ReportContext): Block[] {
  const statusOf = ({ fingerprint }: Finding) => context.triage.get(fingerprint)?.status ?? 'open';
  const open = findings.filter((finding) => statusOf(finding) === 'open');
  const settled = findings.filter((finding) => statusOf(finding) !== 'open');
  const shown = open.slice(0, MOST_FINDINGS);
  return [
    heading(2, `Findings: ${open.length} open${settled.length > 0 ? `, ${settled.length} settled` : ''}`),
    ...(open.length > shown.length ? [paragraph(quiet(`The first ${shown.length} are shown; the JSON has all.`))] : []),
    ...(shown.length > 0
      ? [list(shown.map((finding) => findingLine(finding, context)))]
      : [paragraph(plain('None is open.'))]),
    ...(settled.length > 0
      ? [heading(3, 'Settled'), list(settled.slice(0, MOST_FINDINGS).map((finding) => settledLine(finding, context)))]
      : []),
  ];
}

function findingLine(finding: Finding, context: ReportContext): Span[] {
  return [
    strong(`${finding.severity} `),
    ...placeOf(finding, context),
    plain(` ${finding.message} `),
    ...(finding.evidence === '' ? [] : [code(finding.evidence), plain(' ')]),
    plain(finding.fix),
    ...(finding.verify === null ? [] : [plain(' '), code(finding.verify)]),
    quiet(` ${finding.rule}`),
  ];
}

function settledLine(finding: Finding, context: ReportContext): Span[] {
  const triage = context.triage.get(finding.fingerprint);
  const note = triage?.note ? `: ${triage.note}` : '';
  return [
    strong(`${triage?.status.replace('_', ' ')} `),
    ...placeOf(finding, context),
    plain(` ${finding.message}`),
    quiet(`${note} ${finding.rule}`),
  ];
}

type Place = { path: string | null; line: number | null };

function placeOf({ path, line }: Place, context: ReportContext): Span[] {
  if (path === null) return [plain('the whole code base')];
  return [code(line === null ? path : `${path}:${line}`, sourceLink(context, path, line))];
}

function criteriaOf({ readiness }: Analysis, context: ReportContext): Block[] {
  const areas = Map.groupBy(readiness.criteria, ({ area }) => area);
  return [
    heading(2, 'Readiness, one criterion after the other'),
    ...(readiness.profile.length > 0
      ? [paragraph(plain(`Taken for something that ${readiness.profile.map(({ trait }) => trait).join(', ')}.`))]
      : [paragraph(plain('Taken for something that serves nobody by itself: a library, or files.'))]),
    ...[...areas].flatMap(([area, criteria]) => [
      heading(3, area),
      list(criteria.map((criterion) => criterionLine(criterion, context))),
    ]),
  ];
}

function criterionLine(
  { title, status, severity, observed, evidence, fix, verify, id }: Judged,
  context: ReportContext,
): Span[] {
  const isOpen = status !== 'met' && status !== 'not_applicable';
  return [
    strong(`${WORDS[status]} `),
    plain(`${title}. `),
    quiet(`${observed} `),
    ...evidence.flatMap((place) => [...placeOf(place, context), plain(' ')]),
    ...(isOpen ? [plain(`To do: ${fix}. To see: `), code(verify)] : []),
    quiet(` ${id}, ${severity}`),
  ];
}

function suggestionsOf({ suggestions, ...context }: ReportContext): Block[] {
  if (suggestions === null) return [];
  const { model, kept, dropped, note } = suggestions;
  return [
    heading(2, 'Suggestions by a model'),
    paragraph(
      quiet(
        `By ${model ?? 'no model'}. Each names a line that is there, as it was checked; whether it is right nobody has checked. ${dropped} were dropped.${note ? ` ${note}` : ''}`,
      ),
    ),
    ...(kept.length > 0
      ? [
          list(
            kept.map((one) => [
              strong(`${one.severity} `),
              ...placeOf(one, { suggestions, ...context }),
              plain(` ${one.title}. ${one.text} `),
              code(one.snippet),
            ]),
          ),
        ]
      : []),
  ];
}

function figuresOf({ metrics, architecture }: Analysis): Block[] {
  const { totals } = metrics;
  const { declared, manifests } = metrics.dependencies;
  return [
    heading(2, 'Figures'),
    paragraph(
      plain(
        `${totals.files} files, ${totals.codeLines} lines of code, ${totals.commentLines} of comments, ${totals.functions} functions; ` +
          `${metrics.duplication.percent} % of lines are also elsewhere; ${declared.length} dependencies in ${manifests.length} manifests.`,
      ),
    ),
    table(
      ['Language', 'Files', 'Lines of code', 'Functions'],
      metrics.languages
        .slice(0, 20)
        .map(({ language, files, codeLines, functions }) => [
          plain(language),
          plain(String(files)),
          plain(String(codeLines)),
          plain(String(functions)),
        ]),
    ),
    heading(3, 'Architecture'),
    list([
      ...architecture.frameworks.map(({ name, evidence }) => [strong('framework '), plain(`${name} `), code(evidence)]),
      ...architecture.patterns.map(({ name, evidence }) => [strong('sign of '), plain(`${name} `), code(evidence)]),
      ...architecture.modules
        .slice(0, 50)
        .map(({ path, codeLines, importedBy, imports }) => [
          strong('module '),
          code(path),
          plain(` ${codeLines} lines, imported by ${importedBy}, imports ${imports}`),
        ]),
    ]),
    ...(metrics.failed.length > 0
      ? [
          heading(3, 'Not read as others are'),
          list(metrics.failed.slice(0, 100).map(({ path, reason }) => [code(path), plain(` ${reason}`)])),
        ]
      : []),
  ];
}
