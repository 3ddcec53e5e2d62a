/** How a language writes comments. */
export type CommentStyle = 'slashes' | 'hashes' | 'semicolons' | 'both' | 'none';

const SLASHES = /\.(?:[cm]?[jt]sx?|java|kt|kts|scala|groovy|gradle|go|cs|fs|rs|swift|vue|svelte|prisma)$/;
const HASHES =
  /\.(?:py|rb|ya?ml|toml|ini|cfg|properties|sh|tf|exs?|env)$|(?:^|\/)(?:Dockerfile|Gemfile|Procfile|\.env)[^/]*$/;

export function commentStyleOf(path: string): CommentStyle {
  if (path.endsWith('.php')) return 'both';
  if (path.endsWith('.ini')) return 'semicolons';
  if (SLASHES.test(path)) return 'slashes';
  return HASHES.test(path) ? 'hashes' : 'none';
}

/**
 * The text with spaces in place of comments, so that what is only spoken of is not taken for what is done; lines and columns
 * stay where they are. Goes over the text once. It is no parser: what it takes for a string by mistake ends with the line.
 */
export function withoutComments(text: string, style: CommentStyle): string {
  if (style === 'none') return text;
  const parts: string[] = [];
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const { end, isComment } = tokenAt(text, at, style);
    if (isComment) {
      parts.push(text.slice(kept, at), blank(text.slice(at, end)));
      kept = end;
    }
    at = end;
  }
  parts.push(text.slice(kept));
  return parts.join('');
}

type Token = { end: number; isComment: boolean };

function tokenAt(text: string, at: number, style: CommentStyle): Token {
  const character = text[at];
  if (style === 'semicolons') return semicolonAt(text, at);
  if (character === '/' && style !== 'hashes') return slashAt(text, at);
  if (character === '#' && style !== 'slashes' && startsWord(text, at))
    return { end: endOfLine(text, at), isComment: true };
  if (character !== '"' && character !== "'") return { end: at + 1, isComment: false };
  if (style === 'hashes' && isTriple(text, at)) {
    // At a line's beginning it is a text for readers, elsewhere a value.
    return { end: after(text, character.repeat(3), at + 3), isComment: beginsLine(text, at) };
  }
  return { end: endOfString(text, at, character), isComment: false };
}

function semicolonAt(text: string, at: number): Token {
  const isComment = (text[at] === ';' || text[at] === '#') && beginsLine(text, at);
  return { end: isComment ? endOfLine(text, at) : at + 1, isComment };
}

function slashAt(text: string, at: number): Token {
  if (text[at + 1] === '/' && text[at - 1] !== ':') return { end: endOfLine(text, at), isComment: true };
  if (text[at + 1] === '*') return { end: after(text, '*/', at + 2), isComment: true };
  // A pattern is not what it looks for.
  const end = beginsValue(text, at) ? endOfPattern(text, at) : null;
  return end === null ? { end: at + 1, isComment: false } : { end, isComment: true };
}

/** Behind these a slash divides nothing. */
function beginsValue(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= Math.max(0, at - 80) && (text[before] === ' ' || text[before] === '\n')) before -= 1;
  return '=(,:[!&|?{;'.includes(text[before] ?? ';');
}

/** Of a regular expression in JavaScript; null where the line has no end for it. */
function endOfPattern(text: string, from: number): number | null {
  let isInClass = false;
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') return null;
    if (character === '\\') at += 1;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '/' && !isInClass) return at + 1;
  }
  return null;
}

function blank(comment: string): string {
  return comment.replace(/[^\n]+/g, (run) => ' '.repeat(run.length));
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function after(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end + mark.length;
}

/** `a#b` is a colour or an anchor, ` #b` a comment. */
function startsWord(text: string, at: number): boolean {
  const before = text[at - 1];
  return before === undefined || before === ' ' || before === '\t' || before === '\n';
}

function isTriple(text: string, at: number): boolean {
  const mark = text[at];
  return (mark === '"' || mark === "'") && text[at + 1] === mark && text[at + 2] === mark;
}

function beginsLine(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text[before] === ' ' || text[before] === '\t')) before -= 1;
  return before < 0 || text[before] === '\n';
}

function endOfString(text: string, from: number, mark: string): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === mark) return at + 1;
    else if (character === '\n') return at;
  }
  return text.length;
}
