import { createHash } from 'node:crypto';
import { escapeHtml } from '../../../lib/markup/escape-html.ts';
import type { Block, Span } from './document.ts';
import { visible } from './visible.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1e21;background:#fff;overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25;break-after:avoid}h2{margin-top:2.5rem}table{border-collapse:collapse}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #d8dce0}
code{font-size:.875em;background:#f3f4f6;padding:.1em .3em;border-radius:3px;unicode-bidi:isolate}li{margin:.5rem 0;break-inside:avoid}.quiet{color:#57606a}a{color:#0550ae}
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}code{background:#23282d}th,td{border-color:#363c42}.quiet{color:#a0a8b0}a{color:#79b8ff}}
@media print{body{max-width:none;margin:0;font-size:11px;background:#fff;color:#000}code{background:none;color:#000}a{color:#000}.quiet{color:#444}}`;

/** Names the page's own style and nothing else: a server sends it, too, since a page may only narrow what its header says. */
export const HTML_CONTENT_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** One page without scripts or anything from elsewhere, to read and to print. */
export function htmlOf(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(HTML_CONTENT_POLICY)}">
<meta name="referrer" content="no-referrer"><title>${shown(title)}</title><style>${STYLE}</style></head><body>
${blocks.map(blockOf).join('\n')}
</body></html>
`;
}

function blockOf(block: Block): string {
  if (block.type === 'heading') return `<h${block.level}>${shown(block.text)}</h${block.level}>`;
  if (block.type === 'paragraph') return `<p>${block.spans.map(spanOf).join('')}</p>`;
  if (block.type === 'list')
    return `<ul>${block.items.map((item) => `<li>${item.map(spanOf).join('')}</li>`).join('\n')}</ul>`;
  const head = block.head.map((cell) => `<th scope="col">${shown(cell)}</th>`).join('');
  const rows = block.rows.map((row) => `<tr>${row.map((cell) => `<td>${spanOf(cell)}</td>`).join('')}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function spanOf({ text, kind, href }: Span): string {
  const inner = shown(text);
  if (kind === 'strong') return `<strong>${inner}</strong>`;
  if (kind === 'quiet') return `<span class="quiet">${inner}</span>`;
  if (kind === 'plain') return inner;
  return href === null
    ? `<code>${inner}</code>`
    : `<a href="${escapeHtml(href)}" rel="noreferrer"><code>${inner}</code></a>`;
}

function shown(text: string): string {
  return escapeHtml(visible(text));
}
