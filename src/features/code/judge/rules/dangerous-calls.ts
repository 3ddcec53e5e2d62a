import { argumentsOf, isBuilt, isHarmless, resolved } from './built-text.ts';
import { type Code, closingOf, type Piece, type Remark } from './rule.ts';
import { SINKS, type Sink } from './sinks.ts';

const BY_LAST = Map.groupBy(
  SINKS.flatMap((sink) => sink.names.map((name) => ({ sink, parts: name.split('.') }))),
  ({ parts }) => parts.at(-1) as string,
);

/** Words before a name that say it is being declared or is another's. */
const NOT_A_CALL = new Set([
  'function',
  'def',
  'func',
  'fn',
  'new',
  '.',
  '?.',
  '->',
  '::',
  '*',
  '&',
  'async',
  'static',
]);

/** Calls that run text as code or as a command, where the text is not a plain literal. */
export function* dangerousCalls(code: Code): Iterable<Remark> {
  for (const [at, { text, token }] of code.pieces.entries()) {
    const candidates = token.kind === 'word' && code.pieces[at + 1]?.text === '(' ? BY_LAST.get(text) : undefined;
    const found = candidates?.find(
      ({ sink, parts }) => sink.languages.includes(code.language) && isNamed(code, at, parts, sink),
    );
    const inSetup = text === 'exec' && /(?:^|\/)setup\.py$/.test(code.path);
    if (found && !inSetup && isDangerous(code, at, found.sink)) yield remarkOf(code, token.line, found.sink);
    if (code.language === 'Ruby' && isShellText(code.pieces[at])) yield remarkOf(code, token.line, BACKTICKS);
  }
}

const BACKTICKS = SINKS.find(({ names }) => names.includes('Kernel.system')) as Sink;

/** Ruby's `` `git show #{name}` ``. */
function isShellText(piece: Piece | undefined): boolean {
  return piece?.token.kind === 'string' && piece.text.startsWith('`') && piece.token.filled && !isHarmless([piece]);
}

function remarkOf({ path }: Code, line: number, { rule, severity, message, fix }: Sink): Remark {
  return {
    rule,
    severity: severity ?? 'high',
    category: 'security',
    path,
    line,
    message,
    evidence: null,
    fix,
    verify: null,
  };
}

function isNamed(code: Code, at: number, parts: readonly string[], { constructs, of }: Sink): boolean {
  const { pieces } = code;
  if (of !== undefined) return pieces[at - 4]?.text === of && pieces[at - 1]?.text === '.';
  for (let part = parts.length - 2, place = at - 2; part >= 0; part--, place -= 2) {
    if (pieces[place + 1]?.text !== '.' || pieces[place]?.text !== parts[part]) return false;
  }
  const before = pieces[at - 2 * (parts.length - 1) - 1]?.text ?? '';
  if (constructs) return before === 'new';
  // A method of that name that is being written: `exec(a) {`.
  if (NOT_A_CALL.has(before) || pieces[closingOf(code, at + 1) + 1]?.text === '{') return false;
  const plain = parts.length === 1 && parts[0] !== 'eval' && ECMASCRIPT.test(code.language);
  return !plain || importsChildProcess(code);
}

const ECMASCRIPT = /Script$/;

/** `exec` alone is a method of much else. */
function importsChildProcess({ text: whole }: Code): boolean {
  return /['"](?:node:)?child_process['"]/.test(whole);
}

/** Plain values only: what YAML's safe loaders read. */
const SAFE_LOADER = /^(?:C?SafeLoader|C?BaseLoader|RoundTripLoader)$/;
/** What a request brings, by its name. */
const FROM_OUTSIDE = /^\$_(?:GET|POST|COOKIE|REQUEST)$|cookie|request|payload|php:\/\/input/i;

function isDangerous(code: Code, at: number, { when, constructs }: Sink): boolean {
  const close = closingOf(code, at + 1);
  const args = argumentsOf(close < 0 ? [] : code.pieces.slice(at + 2, close));
  const [first] = args;
  if (!first) return false;
  const words = args.flat().map(({ text }) => text);
  const isBad = (argument: readonly Piece[]) => {
    const value = resolved(code, argument, at);
    return isBuilt(value) && !isHarmless(value);
  };
  switch (when) {
    case 'any-variable':
      return (constructs ? args.flat() : first).some(isVariable) && !isCopy(first);
    case 'built-text':
      return isBad(first);
    case 'shell-true':
      return isBad(first) && words.some((word, index) => word === 'shell' && /^true$/i.test(words[index + 2] ?? ''));
    case 'shell-list': {
      const flag = args.findIndex((argument) => /^["'`]-c["'`]$/.test(argument[0]?.text ?? ''));
      return flag >= 0 && args.slice(flag + 1).some(isBad);
    }
    case 'no-loader':
      return first.some(isVariable) && !words.some((word) => SAFE_LOADER.test(word)) && !hasOwnReader(code.text);
    case 'from-outside':
      return (
        resolved(code, first, at).some(({ text }) => FROM_OUTSIDE.test(text)) &&
        !words.join('').includes('allowed_classes')
      );
  }
}

/** An object of ruamel.yaml's, which reads plain values unless it is told otherwise. */
function hasOwnReader(text: string): boolean {
  return /\bYAML\(/.test(text) && !/\btyp=["']unsafe["']/.test(text);
}

function isVariable({ token }: Piece): boolean {
  return token.kind === 'word' || token.filled;
}

/** `Marshal.load(Marshal.dump(x))`: of one's own bytes. */
function isCopy(argument: readonly Piece[]): boolean {
  return argument[1]?.text === '.' && /^dumps?$/.test(argument[2]?.text ?? '');
}
