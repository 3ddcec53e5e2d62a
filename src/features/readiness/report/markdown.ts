import { CATEGORIES } from '../check.ts';
import type { CheckResult } from './check-result.ts';
import type { Report } from './report.ts';
import { SCORE_FORMULA, TARGETS } from './scores.ts';

/** For a person to read, and for a pull request or a wiki. */
export function markdownOf(report: Report): string {
  const { verdict, rule, reasons, scores } = report;
  return [
    `# Readiness: ${verdict}`,
    '',
    headOf(report),
    '',
    `**Rule.** ${rule}`,
    '',
    ...(reasons.length > 0 ? ['**Why:**', '', ...reasons.map((reason) => `- ${text(reason)}`), ''] : []),
    '## Scores',
    '',
    '| Category | Score | Target |',
    '|---|---|---|',
    ...CATEGORIES.map(
      (category) => `| ${category} | ${scores[category] ?? 'nothing applies'} | ${TARGETS[category]} |`,
    ),
    `| overall | ${scores.overall ?? 'nothing applies'} | 95 |`,
    '',
    SCORE_FORMULA,
    ...CATEGORIES.flatMap((category) => section(category, report.results)),
    '',
    '## Evidence',
    ...report.results.flatMap(evidenceOf),
    '',
  ].join('\n');
}

function headOf({ id, started, duration_ms, program, commit, configuration, environment, url, hash }: Report): string {
  const { node, platform, cpus, memory_mb, database } = environment;
  return [
    `Report ${id}, ${started}, ${(duration_ms / 1_000).toFixed(0)} s. Parley ${program}, commit ${commit}, configuration ${configuration.slice(0, 16)}, environment ${environment.environment ?? 'unknown'}${url ? `, asked ${url}` : ''}.`,
    `Node ${node}, ${platform}, ${cpus} processors, ${memory_mb} MB, database ${database ?? 'unknown'}. Hash ${hash}.`,
  ].join('\n');
}

function section(category: string, results: readonly CheckResult[]): string[] {
  const own = results.filter((result) => result.category === category);
  if (own.length === 0) return [];
  return [
    '',
    `## ${category[0]?.toUpperCase()}${category.slice(1)}`,
    '',
    '| Outcome | Check | Observed | Items |',
    '|---|---|---|---|',
    ...own.map(
      (result) =>
        `| ${text(outcomeOf(result))} | **${result.check}** (${result.kind}, ${result.weight}): ${text(result.title)} | ${text(observedOf(result))} | ${result.items.join(' ')} |`,
    ),
  ];
}

export function outcomeOf({ outcome, waiver, fresh, record }: CheckResult): string {
  const waived = waiver ? `, waived by ${waiver.owner} until ${waiver.until}` : '';
  const kept = !fresh && record !== null ? `, of ${record.started.slice(0, 10)}` : '';
  return `${outcome === 'fail' ? '**FAIL**' : outcome}${waived}${kept}`;
}

export function observedOf({ reason, record, outcome, remedy }: CheckResult): string {
  const seen = reason ?? record?.observed ?? '';
  return outcome === 'fail' ? `${seen} → ${remedy}` : seen;
}

function evidenceOf({ check, record }: CheckResult): string[] {
  if (record === null) return [];
  const { started, duration_ms, command, subject, expected, observed, valid_until, hash, samples } = record;
  return [
    '',
    `### ${check}`,
    '',
    `- ${started}, ${duration_ms} ms, valid until ${valid_until}, record ${record.id}`,
    `- on: ${text(subject)}`,
    `- command: \`${command.replaceAll('`', "'")}\``,
    `- expected: ${text(expected)}`,
    `- observed: ${text(observed)}`,
    ...samples.map(({ name, sha256, bytes }) => `- sample ${text(name)}: ${bytes} bytes, sha256 ${sha256}`),
    `- hash ${hash}`,
  ];
}

/** What a server answered must neither end a cell nor become markup. */
function text(value: string): string {
  return value.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
