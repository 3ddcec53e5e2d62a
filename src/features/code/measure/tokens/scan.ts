import { type StringForm, SYNTAXES, type Syntax, type SyntaxName } from './syntax.ts';

export type TokenKind = 'word' | 'number' | 'string' | 'regex' | 'mark' | 'comment' | 'outside';

/** A piece of program text. */
export type Token = {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  readonly endLine: number;
  /** A string that has values put into it. */
  readonly filled: boolean;
};

const WORD = /[\p{L}_$@][\p{L}\p{N}_$]*/uy;
const NUMBER = /\d[\w.']*/y;
const MARKS = /=>|->|&&|\|\||\?\?|\?\.|::|===|!==|==|!=|<=|>=|\+=|-=|[^\s]/uy;
/** What a value may end with: a slash behind it divides. */
const VALUE_END = /[\w$)\]}"'`]/;
const WORDS_BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'delete',
  'throw',
  'new',
  'if',
  'and',
  'or',
  'not',
  'when',
  'unless',
  'yield',
  'await',
]);
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** Cuts a text into tokens, comments among them, in one pass: linear in its length, whatever it holds. */
export function scan(text: string, name: SyntaxName): Token[] {
  return new Scanner(text, SYNTAXES[name]).run();
}

class Scanner {
  private readonly text: string;
  private readonly syntax: Syntax;
  private readonly tokens: Token[] = [];
  private at = 0;
  private line = 1;
  /** Kept, since a search from every token would make a line of a megabyte quadratic. */
  private nextNewline: number;
  private heredocs: string[] = [];
  /** Behind it no regular expression ends: a line of slashes is not searched again and again. */
  private noRegexBefore = 0;

  constructor(text: string, syntax: Syntax) {
    this.text = text;
    this.syntax = syntax;
    this.nextNewline = this.lineEnd(0);
  }

  run(): Token[] {
    if (this.text.startsWith('#!')) this.push('comment', this.lineEnd(0));
    if (this.syntax.island) this.skipToIsland(this.at);
    while (this.at < this.text.length) this.step();
    return this.tokens;
  }

  private step(): void {
    const char = this.text[this.at] as string;
    if (char === ' ' || char === '\t' || char === '\r') this.at++;
    else if (char === '\n') this.block() || this.newline();
    else if (this.syntax.island && this.text.startsWith(this.syntax.island.close, this.at))
      this.skipToIsland(this.at + 2);
    else
      this.comment() ||
        this.block() ||
        this.heredoc() ||
        this.string(char) ||
        this.template(char) ||
        this.slashes(char) ||
        this.plain();
  }

  private newline(): boolean {
    this.at++;
    this.line++;
    for (const id of this.heredocs.splice(0)) this.push('string', this.heredocEnd(id), true);
    return true;
  }

  private comment(): boolean {
    const { line } = this.syntax;
    if (!line.some((open) => this.text.startsWith(open, this.at))) return false;
    // PHP's attributes look like its comments.
    if (this.syntax.island && this.text.startsWith('#[', this.at)) return false;
    let end = this.lineEnd(this.at);
    if (this.syntax.island) {
      const close = this.text.slice(this.at, end).indexOf(this.syntax.island.close);
      if (close >= 0) end = this.at + close;
    }
    this.push('comment', end);
    return true;
  }

  private block(): boolean {
    const found = this.syntax.block.find(({ open }) => this.text.startsWith(open, this.at));
    if (!found) return false;
    this.push(
      'comment',
      found.nested ? this.nestedEnd(found.open, found.close) : this.behind(found.close, this.at + found.open.length),
    );
    return true;
  }

  private nestedEnd(open: string, close: string): number {
    let depth = 0;
    let at = this.at;
    while (at < this.text.length) {
      if (this.text.startsWith(open, at)) {
        depth++;
        at += open.length;
      } else if (this.text.startsWith(close, at)) {
        depth--;
        at += close.length;
        if (depth === 0) return at;
      } else at++;
    }
    return at;
  }

  private heredoc(): boolean {
    const { heredocs } = this.syntax;
    if (!heredocs || this.text[this.at] !== '<') return false;
    heredocs.lastIndex = this.at;
    const found = heredocs.exec(this.text);
    if (!found?.[2]) return false;
    this.heredocs.push(found[2]);
    this.push('mark', this.at + found[0].length);
    return true;
  }

  private heredocEnd(id: string): number {
    let at = this.at;
    while (at < this.text.length) {
      const end = this.lineEnd(at);
      if (
        this.text
          .slice(at, end)
          .trim()
          .replace(/[;,)]+$/, '') === id
      )
        return end;
      at = end + 1;
    }
    return this.text.length;
  }

  private string(char: string): boolean {
    if (!this.syntax.stringStarts.includes(char)) return false;
    for (const form of this.syntax.strings) {
      form.open.lastIndex = this.at;
      const found = form.open.exec(this.text);
      if (!found) continue;
      const [opened, group = ''] = found;
      const from = this.at + opened.length;
      const end = form.close ? this.stringEnd(form, form.close(opened, group), from) : from;
      const inserts = form.inserts?.(opened) ?? null;
      this.push('string', end, inserts?.test(this.text.slice(from, end)) ?? false);
      return true;
    }
    return false;
  }

  private stringEnd(form: StringForm, close: string, from: number): number {
    const oneLine = !form.multiline || (close.length === 1 && form.open.source.includes('"""|'));
    let at = from;
    while (at < this.text.length) {
      const char = this.text[at];
      if (char === '\\' && form.escape === 'backslash') at += 2;
      else if (char === '\n' && oneLine) return at;
      else if (!this.text.startsWith(close, at)) at++;
      else if (form.escape === 'doubled' && this.text.startsWith(close, at + close.length)) at += 2 * close.length;
      else return at + close.length;
    }
    return this.text.length;
  }

  private template(char: string): boolean {
    if (char !== '`' || !this.syntax.templates) return false;
    const end = templateEnd(this.text, this.at);
    this.push('string', end, this.text.slice(this.at, end).includes('${'));
    return true;
  }

  private slashes(char: string): boolean {
    if (char !== '/' || !this.syntax.regexes || this.at < this.noRegexBefore || !this.regexMayStand()) return false;
    REGEX.lastIndex = this.at;
    const found = REGEX.exec(this.text);
    if (!found) {
      this.noRegexBefore = this.lineEnd(this.at);
      return false;
    }
    this.push('regex', this.at + found[0].length);
    return true;
  }

  private regexMayStand(): boolean {
    const last = this.tokens.findLast(({ kind }) => kind !== 'comment');
    if (!last) return true;
    const word = this.text.slice(last.start, last.end);
    if (last.kind === 'word') return WORDS_BEFORE_REGEX.has(word);
    return !VALUE_END.test(word.at(-1) ?? '');
  }

  private plain(): boolean {
    for (const [kind, pattern] of [
      ['word', WORD],
      ['number', NUMBER],
      ['mark', MARKS],
    ] as const) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(this.text);
      if (!found) continue;
      this.push(kind, this.at + found[0].length);
      return true;
    }
    this.at++;
    return true;
  }

  private skipToIsland(from: number): void {
    const { island } = this.syntax;
    if (!island) return;
    island.open.lastIndex = from;
    const found = island.open.exec(this.text);
    this.push('outside', found ? found.index + found[0].length : this.text.length);
  }

  private push(kind: TokenKind, end: number, filled = false): void {
    const start = this.at;
    const line = this.line;
    const stop = Math.min(Math.max(end, start), this.text.length);
    while (this.nextNewline < stop) {
      if (this.nextNewline >= start) this.line++;
      this.nextNewline = this.lineEnd(this.nextNewline + 1);
    }
    this.at = stop;
    if (stop > start) this.tokens.push({ kind, start, end: stop, line, endLine: this.line, filled });
  }

  private lineEnd(from: number): number {
    const end = this.text.indexOf('\n', from);
    return end < 0 ? this.text.length : end;
  }

  private behind(close: string, from: number): number {
    const end = this.text.indexOf(close, from);
    return end < 0 ? this.text.length : end + close.length;
  }
}

type Nesting = ('`' | '{')[];

/** Where the template that opens at `start` ends, with all that is nested in its `${…}`. */
function templateEnd(text: string, start: number): number {
  const open: Nesting = ['`'];
  let at = start + 1;
  while (at < text.length && open.length > 0) {
    if (text[at] === '\\') at += 2;
    else at = open.at(-1) === '`' ? stepInTemplate(text, at, open) : stepInCode(text, at, open);
  }
  return at;
}

function stepInTemplate(text: string, at: number, open: Nesting): number {
  if (text[at] === '`') open.pop();
  if (!text.startsWith('${', at)) return at + 1;
  open.push('{');
  return at + 2;
}

function stepInCode(text: string, at: number, open: Nesting): number {
  const char = text[at];
  if (char === '`' || char === '{') open.push(char);
  else if (char === '}') open.pop();
  else if (char === '"' || char === "'") return quoteEnd(text, at) + 1;
  return at + 1;
}

/** The place of the quote that closes the one at `start`, or `start` where the line ends before. */
function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return start;
}
