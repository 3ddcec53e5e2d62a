import { escapeHtml } from '../../../lib/markup/escape-html.ts';
import type { CheckResult } from './check-result.ts';
import { observedOf } from './markdown.ts';
import type { Report } from './report.ts';

/** For pipelines: a suite for each category, a test for each check. What did not pass and applies is a failure. */
export function junitOf(report: Report): string {
  const suites = Map.groupBy(report.results, ({ category }) => category);
  const written = [...suites].map(([category, results]) => {
    const failures = results.filter(isFailure).length;
    const skipped = results.filter((result) => !isFailure(result) && result.outcome !== 'pass').length;
    return `  <testsuite name="readiness.${category}" tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}" timestamp="${report.started}">
${results.map(testCase).join('\n')}
  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="readiness ${report.verdict}" time="${report.duration_ms / 1_000}">
${written.join('\n')}
</testsuites>
`;
}

/** Not run is never passed; what somebody answers for does not stop a pipeline. */
function isFailure({ outcome, waiver }: CheckResult): boolean {
  return outcome !== 'pass' && outcome !== 'not applicable' && waiver === null;
}

function testCase(result: CheckResult): string {
  const { check, category, title, outcome, waiver, record } = result;
  const open = `    <testcase classname="readiness.${category}" name="${xml(`${check}: ${title}`)}" time="${(record?.duration_ms ?? 0) / 1_000}">`;
  const told = xml(observedOf(result));
  if (isFailure(result)) return `${open}<failure type="${outcome}" message="${told}"/></testcase>`;
  if (outcome === 'pass') return `${open}</testcase>`;
  const why = waiver ? xml(`waived by ${waiver.owner} until ${waiver.until}: ${waiver.reason}`) : told;
  return `${open}<skipped message="${why}"/></testcase>`;
}

/** XML 1.0 has no way to write most control characters. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return escapeHtml(text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�'));
}
