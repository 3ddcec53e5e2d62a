import {
  CATEGORIES,
  htmlOf,
  junitOf,
  markdownOf,
  observedOf,
  type Report,
  sarifOf,
  TARGETS,
} from '../../features/readiness/index.ts';
import { CommandError } from '../failures.ts';

/** What `--out` writes: each format by its file. */
export const FILES = {
  json: 'readiness.json',
  markdown: 'readiness.md',
  html: 'readiness.html',
  sarif: 'readiness.sarif',
  junit: 'readiness.xml',
} as const;

const RENDERERS: Readonly<Record<string, (report: Report) => string>> = {
  text: textOf,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  markdown: markdownOf,
  html: htmlOf,
  sarif: sarifOf,
  junit: junitOf,
};

/** @throws CommandError for a format that there is not */
export function formatted(format: string): (report: Report) => string {
  const render = Object.hasOwn(RENDERERS, format) ? RENDERERS[format] : undefined;
  if (render) return render;
  throw new CommandError(`--format must be one of ${Object.keys(RENDERERS).join(', ')}, not "${format}".`);
}

/** For a terminal: the verdict with its rule, the scores, and what is open. */
function textOf(report: Report): string {
  const { verdict, rule, scores, results } = report;
  const open = results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not applicable');
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const notes = ['fail', 'not run', 'expired', 'not applicable'].map((outcome) => `${count(outcome)} ${outcome}`);
  return [
    '',
    `${verdict}: ${count('pass')} of ${results.length} checks pass, ${notes.join(', ')}`,
    '',
    ...CATEGORIES.map(
      (name) => `  ${name.padEnd(14)} ${String(scores[name] ?? '-').padStart(4)}   of ${TARGETS[name]}`,
    ),
    '',
    ...open.flatMap((result) => [
      `  ${result.outcome.toUpperCase()} ${result.check} (${result.weight}): ${result.title}`,
      `    ${observedOf(result)}${result.waiver ? ` (waived by ${result.waiver.owner} until ${result.waiver.until})` : ''}`,
    ]),
    ...(open.length > 0 ? [''] : []),
    ...report.chain_faults.map((fault) => `  CHAIN ${fault}`),
    rule,
    `Report ${report.id}; parley readiness show ${report.id} --format markdown has the evidence.`,
    '',
  ].join('\n');
}
