type Frame = { isArray: boolean; index: number };

const LITERAL = /[^\s,\]}:"[{]+/y;
const SPACE = /[\s,]*/y;
const MAX_INDENT = 12;
const MAX_DEPTH = 1_000;

/**
 * JSON as indented `name: value` lines, one group of lines for each entry of the outermost array or object. Numbers
 * stay as they are written. One pass over the tokens: depth costs nothing, and a file that is cut off, or holds one
 * value after the other (JSON Lines), gives what it has.
 */
export function* jsonOutline(source: string): Generator<string[]> {
  yield* new JsonOutline(source).groups();
}

class JsonOutline {
  readonly #source: string;
  #position = 0;
  #frames: Frame[] = [];
  #name: string | null = null;
  /** How many levels are open that are not on the stack. */
  #tooDeep = 0;
  #lines: string[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  *groups(): Generator<string[]> {
    while (this.#skipSpace()) {
      this.#token();
      if (this.#frames.length > 1 || this.#lines.length === 0 || this.#name !== null) continue;
      // Loose values of the outermost object stay together, an entry with parts of its own stands alone.
      if (this.#frames.length === 1 && this.#isLooseValue()) continue;
      yield this.#take();
    }
    if (this.#lines.length > 0) yield this.#take();
  }

  /** The group so far, moved left to its margin. */
  #take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    const margin = Math.min(...lines.map((line) => line.length - line.trimStart().length));
    return lines.map((line) => line.slice(margin).replaceAll(`\n${' '.repeat(margin)}`, '\n'));
  }

  #isLooseValue(): boolean {
    return this.#lines.length < 20 && !(this.#lines.at(-1) ?? '').startsWith(' ');
  }

  #skipSpace(): boolean {
    SPACE.lastIndex = this.#position;
    SPACE.exec(this.#source);
    this.#position = SPACE.lastIndex;
    return this.#position < this.#source.length;
  }

  #token(): void {
    const character = this.#source[this.#position];
    if (character === '{' || character === '[') this.#open(character === '[');
    else if (character === '}' || character === ']') this.#close();
    else if (character === '"') this.#string();
    else if (character === ':') this.#position += 1;
    else this.#value(this.#match(LITERAL) || this.#source.slice(this.#position, ++this.#position));
  }

  #open(isArray: boolean): void {
    this.#position += 1;
    if (this.#frames.length >= MAX_DEPTH) {
      this.#tooDeep += 1;
      return;
    }
    if (this.#frames.length > 0) this.#label();
    this.#frames.push({ isArray, index: 0 });
  }

  #close(): void {
    this.#position += 1;
    this.#name = null;
    if (this.#tooDeep > 0) this.#tooDeep -= 1;
    else this.#frames.pop();
  }

  #string(): void {
    const text = unquote(this.#quoted());
    const isName = !this.#frames.at(-1)?.isArray && this.#name === null && this.#colonFollows();
    if (isName) this.#name = text;
    else this.#value(text);
  }

  #colonFollows(): boolean {
    return /\s*:/y.test(this.#source.slice(this.#position, this.#position + 64)) && this.#frames.length > 0;
  }

  /** The line over an object or array inside another. */
  #label(): void {
    const frame = this.#frames.at(-1);
    if (!frame) return;
    frame.index += 1;
    const label = this.#name !== null ? `${this.#name}:` : frame.isArray ? `- ${frame.index}:` : '';
    if (this.#frames.length > 1 || this.#name !== null) this.#push(label);
    this.#name = null;
  }

  #value(value: string): void {
    const name = this.#name;
    this.#name = null;
    if (value === '' || value === 'null') return;
    this.#push(name === null ? `${this.#frames.length > 0 ? '- ' : ''}${value}` : `${name}: ${value}`);
  }

  #push(line: string): void {
    const depth = Math.min(MAX_INDENT, Math.max(0, this.#frames.length - 1));
    this.#lines.push('  '.repeat(depth) + line.replaceAll('\n', `\n${'  '.repeat(depth + 1)}`));
  }

  /** By hand: a regular expression for this overflows its stack on strings of some megabytes. */
  #quoted(): string {
    const start = this.#position;
    let end = this.#source.indexOf('"', start + 1);
    while (end > 0 && this.#isEscaped(end)) end = this.#source.indexOf('"', end + 1);
    this.#position = end < 0 ? this.#source.length : end + 1;
    return this.#source.slice(start, this.#position);
  }

  #isEscaped(index: number): boolean {
    let before = index - 1;
    while (this.#source[before] === '\\') before -= 1;
    return (index - before) % 2 === 0;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const text = pattern.exec(this.#source)?.[0] ?? '';
    this.#position += text.length;
    return text;
  }
}

function unquote(source: string): string {
  try {
    return String(JSON.parse(source));
  } catch {
    return source.replace(/^"|"$/g, '');
  }
}
