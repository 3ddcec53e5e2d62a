import { escapeHtml } from '../../../lib/markup/escape-html.ts';
import { CATEGORIES } from '../check.ts';
import type { CheckResult } from './check-result.ts';
import { outcomeOf } from './markdown.ts';
import type { Report } from './report.ts';
import { SCORE_FORMULA, TARGETS } from './scores.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c1e21;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #d8dce0}
code{overflow-wrap:anywhere}.pass{color:#116329}.fail,.NO-GO{color:#b3261e;font-weight:600}.GO{color:#116329}.CONDITIONAL{color:#7a4f01}
.quiet{color:#57606a}details{margin:.3rem 0}@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}th,td{border-color:#363c42}
.pass,.GO{color:#6fdd8b}.fail,.NO-GO{color:#ff8a80}.CONDITIONAL{color:#f0c36d}.quiet{color:#a0a8b0}}`;

/** One page without scripts or anything from elsewhere. */
export function htmlOf(report: Report): string {
  const { verdict, rule, reasons, scores } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Readiness: ${verdict}</title><style>${STYLE}</style></head><body>
<h1>Readiness: <span class="${verdict.split(' ')[0]}">${verdict}</span></h1>
<p class="quiet">Report ${escapeHtml(report.id)}, ${escapeHtml(report.started)}. Parley ${escapeHtml(report.program)}, commit ${escapeHtml(report.commit)}, configuration <code>${escapeHtml(report.configuration.slice(0, 16))}</code>.</p>
<p>${escapeHtml(rule)}</p>
${reasons.length > 0 ? `<ul>${reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')}</ul>` : ''}
<h2>Scores</h2><table><tr><th>Category</th><th>Score</th><th>Target</th></tr>
${CATEGORIES.map((category) => `<tr><td>${category}</td><td>${scores[category] ?? 'nothing applies'}</td><td>${TARGETS[category]}</td></tr>`).join('\n')}
</table><p class="quiet">${escapeHtml(SCORE_FORMULA)}</p>
${CATEGORIES.map((category) => section(category, report.results)).join('\n')}
<p class="quiet">Hash <code>${escapeHtml(report.hash)}</code>${report.previous ? `, after <code>${escapeHtml(report.previous)}</code>` : ''}</p>
</body></html>
`;
}

function section(category: string, results: readonly CheckResult[]): string {
  const own = results.filter((result) => result.category === category);
  if (own.length === 0) return '';
  return `<h2>${category}</h2><table><tr><th>Outcome</th><th>Check</th><th>Observed</th></tr>${own.map(row).join('\n')}</table>`;
}

function row(result: CheckResult): string {
  const { check, kind, weight, title, items, outcome, reason, record, remedy } = result;
  const observed = reason ?? record?.observed ?? '';
  return `<tr><td class="${outcome === 'pass' || outcome === 'fail' ? outcome : 'quiet'}">${escapeHtml(outcomeOf(result).replaceAll('**', ''))}</td>
<td><strong>${escapeHtml(check)}</strong> <span class="quiet">${kind}, ${weight}</span><br>${escapeHtml(title)}<br><span class="quiet">${items.join(' ')}</span></td>
<td>${escapeHtml(observed)}${outcome === 'fail' ? `<br><em>${escapeHtml(remedy)}</em>` : ''}${record ? evidence(record) : ''}</td></tr>`;
}

function evidence(record: NonNullable<CheckResult['record']>): string {
  const { started, duration_ms, command, subject, expected, valid_until, hash, samples } = record;
  const seen = samples.map(
    ({ name, sha256, excerpt }) =>
      `<p>${escapeHtml(name)}, sha256 <code>${sha256}</code></p><pre style="white-space:pre-wrap;overflow-wrap:anywhere">${escapeHtml(excerpt)}</pre>`,
  );
  return `<details><summary>Evidence</summary><p>${escapeHtml(started)}, ${duration_ms} ms, valid until ${escapeHtml(valid_until)}, on ${escapeHtml(subject)}</p>
<p><code>${escapeHtml(command)}</code></p><p>Expected: ${escapeHtml(expected)}</p>${seen.join('')}<p>hash <code>${hash}</code></p></details>`;
}
