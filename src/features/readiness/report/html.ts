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
<p class="quiet">Report ${escaped(report.id)}, ${escaped(report.started)}. Parley ${escaped(report.program)}, commit ${escaped(report.commit)}, configuration <code>${escaped(report.configuration.slice(0, 16))}</code>.</p>
<p>${escaped(rule)}</p>
${reasons.length > 0 ? `<ul>${reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('')}</ul>` : ''}
<h2>Scores</h2><table><tr><th>Category</th><th>Score</th><th>Target</th></tr>
${CATEGORIES.map((category) => `<tr><td>${category}</td><td>${scores[category] ?? 'nothing applies'}</td><td>${TARGETS[category]}</td></tr>`).join('\n')}
</table><p class="quiet">${escaped(SCORE_FORMULA)}</p>
${CATEGORIES.map((category) => section(category, report.results)).join('\n')}
<p class="quiet">Hash <code>${escaped(report.hash)}</code>${report.previous ? `, after <code>${escaped(report.previous)}</code>` : ''}</p>
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
  return `<tr><td class="${outcome === 'pass' || outcome === 'fail' ? outcome : 'quiet'}">${escaped(outcomeOf(result).replaceAll('**', ''))}</td>
<td><strong>${escaped(check)}</strong> <span class="quiet">${kind}, ${weight}</span><br>${escaped(title)}<br><span class="quiet">${items.join(' ')}</span></td>
<td>${escaped(observed)}${outcome === 'fail' ? `<br><em>${escaped(remedy)}</em>` : ''}${record ? evidence(record) : ''}</td></tr>`;
}

function evidence(record: NonNullable<CheckResult['record']>): string {
  const { started, duration_ms, command, subject, expected, valid_until, hash, samples } = record;
  const seen = samples.map(
    ({ name, sha256, excerpt }) =>
      `<p>${escaped(name)}, sha256 <code>${sha256}</code></p><pre style="white-space:pre-wrap;overflow-wrap:anywhere">${escaped(excerpt)}</pre>`,
  );
  return `<details><summary>Evidence</summary><p>${escaped(started)}, ${duration_ms} ms, valid until ${escaped(valid_until)}, on ${escaped(subject)}</p>
<p><code>${escaped(command)}</code></p><p>Expected: ${escaped(expected)}</p>${seen.join('')}<p>hash <code>${hash}</code></p></details>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
