import type { Block, Span } from './document.ts';
import { visible } from './visible.ts';

/** CommonMark with tables, for people, pull requests and wikis. */
export function markdownOf(blocks: readonly Block[]): string {
  return `${blocks.map(blockOf).join('\n\n')}\n`;
}

function blockOf(block: Block): string {
  if (block.type === 'heading') return `${'#'.repeat(block.level)} ${escaped(block.text)}`;
  if (block.type === 'paragraph') return lineOf(block.spans);
  if (block.type === 'list') return block.items.map((item) => `- ${lineOf(item)}`).join('\n');
  const rows = block.rows.map((row) => `| ${row.map((cell) => spanOf(cell)).join(' | ')} |`);
  return [`| ${block.head.map(escaped).join(' | ')} |`, `|${'---|'.repeat(block.head.length)}`, ...rows].join('\n');
}

function lineOf(spans: readonly Span[]): string {
  return spans.map(spanOf).join('').trim();
}

function spanOf({ text, kind, href }: Span): string {
  if (kind === 'code') return href === null ? codeOf(text) : `[${codeOf(text)}](${href})`;
  const inner = escaped(text);
  if (kind !== 'strong') return inner;
  // Stars beside a space would stay stars.
  return inner.replace(/^(\s*)(.*?)(\s*)$/, '$1**$2**$3');
}

/** Within a code span nothing is markup, neither a link nor a name that is notified; only backticks could end it. */
function codeOf(text: string): string {
  const shown = visible(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return shown.includes('`') || shown.trim() === '' ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

const MARKUP = /[\\`*_{}[\]()#+!|~-]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '@': '&#64;' };

/** No markup, no tag, no name that is notified and no address that becomes a link. */
function escaped(text: string): string {
  return visible(text)
    .replaceAll(/[&<>@]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(MARKUP, (character) => (character === '-' ? '-' : `\\${character}`))
    .replaceAll('://', '&#58;//')
    .replaceAll(/\bwww\./gi, 'www&#46;')
    .replaceAll(/^(\d+)\./g, '$1\\.');
}
