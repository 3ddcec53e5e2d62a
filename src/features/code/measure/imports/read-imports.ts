import type { Token } from '../tokens/scan.ts';

/** An import as it is written. */
export type FoundImport = {
  readonly specifier: string;
  readonly line: number;
  /** Only types are imported, which no running program notices. */
  readonly typeOnly: boolean;
};

type Reader = (text: string, tokens: readonly Token[]) => FoundImport[];

/** Reads what a file imports; null for languages whose imports do not name files. */
export function importReaderOf(language: string): Reader | null {
  if (language === 'TypeScript' || language === 'JavaScript') return ecmascriptImports;
  return language === 'Python' ? pythonImports : null;
}

type Words = { readonly text: string; readonly token: Token }[];

function codeOf(text: string, tokens: readonly Token[]): Words {
  return tokens
    .filter(({ kind }) => kind !== 'comment' && kind !== 'outside')
    .map((token) => ({ token, text: text.slice(token.start, Math.min(token.end, token.start + 300)) }));
}

/** `import … from 'x'`, `import 'x'`, `import('x')`, `export … from 'x'`, `require('x')`. */
function ecmascriptImports(text: string, tokens: readonly Token[]): FoundImport[] {
  const words = codeOf(text, tokens);
  const found: FoundImport[] = [];
  let typeOnly = false;
  for (const [at, { text: word, token }] of words.entries()) {
    const [before, next] = [words[at - 1]?.text, words[at + 1]?.text];
    if (word === 'import' || word === 'export') typeOnly = next === 'type' && words[at + 2]?.text !== 'from';
    if (token.kind !== 'string' || token.filled) continue;
    const called =
      before === '(' && ['import', 'require'].includes(words[at - 2]?.text ?? '') && words[at - 3]?.text !== '.';
    if (before === 'from' || before === 'import' || called) {
      found.push({ specifier: word.slice(1, -1), line: token.line, typeOnly: typeOnly && !called });
    }
  }
  return found;
}

/**
 * `import a.b, c as d`, `from .a import b, c`; each name behind `from` may be a module of its own. What stands further in (in
 * a function, below `TYPE_CHECKING`) is not imported at the start, so it counts as if it were types only.
 */
function pythonImports(text: string, tokens: readonly Token[]): FoundImport[] {
  const words = codeOf(text, tokens);
  return words.flatMap(({ text: word, token }, at) => {
    if (word !== 'import' && word !== 'from') return [];
    const before = words[at - 1];
    if (before && before.token.endLine >= token.line && before.text !== ';') return [];
    const typeOnly = token.start > 0 && text[token.start - 1] !== '\n';
    const modules = word === 'import' ? importedModules(words, at) : fromModules(words, at);
    return modules.map((specifier) => ({ specifier, line: token.line, typeOnly }));
  });
}

function importedModules(words: Words, at: number): string[] {
  return statement(words, at + 1)
    .join(' ')
    .split(',')
    .map((part) => part.trim().split(' as ')[0]?.replaceAll(' ', '') ?? '')
    .filter((name) => name !== '');
}

function fromModules(words: Words, at: number): string[] {
  const parts = statement(words, at + 1);
  const split = parts.indexOf('import');
  if (split < 0) return [];
  const module = parts.slice(0, split).join('');
  const names = parts
    .slice(split + 1)
    .join(' ')
    .replace(/[()]/g, '')
    .split(',');
  const joint = module.endsWith('.') || module === '' ? '' : '.';
  return names
    .map((name) => name.trim().split(' as ')[0]?.trim() ?? '')
    .filter((name) => name !== '')
    .map((name) => `${module}${joint}${name === '*' ? '' : name}`);
}

/** The words up to the end of the line, or of the parentheses that it opens; 2,000 at most. */
function statement(words: Words, from: number): string[] {
  const line = words[from]?.token.line;
  let depth = 0;
  const parts: string[] = [];
  for (const { text, token } of words.slice(from, from + 2_000)) {
    if ((depth === 0 && token.line !== line && parts.at(-1) !== '\\') || text === ';') break;
    if (text === '(') depth++;
    if (text === ')') depth--;
    parts.push(text);
  }
  return parts;
}
