/**
 * The text of markup whose tags mean nothing any more: each tag is a space, or a line break where it ends a block.
 * A single pass, so that no nesting or missing bracket makes it slow.
 */
export function stripTags(source: string): string {
  const pieces: string[] = [];
  let position = 0;
  while (position < source.length) {
    const open = source.indexOf('<', position);
    const textEnd = open < 0 ? source.length : open;
    pieces.push(source.slice(position, textEnd));
    const close = open < 0 ? -1 : source.indexOf('>', open);
    if (close < 0) break;
    pieces.push(separatorFor(source.slice(open + 1, Math.min(close, open + 12))));
    position = close + 1;
  }
  return pieces
    .join('')
    .replace(/&(?:amp|lt|gt|quot|apos|nbsp);/g, (entity) => NAMED[entity] ?? ' ')
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?(?:\n ?)+/g, '\n\n')
    .trim();
}

const NAMED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&nbsp;': ' ',
};

function separatorFor(tag: string): string {
  return /^\/?(?:p|div|h[1-6]|li|tr|table|section|article|br)\b/i.test(tag) ? '\n\n' : ' ';
}
