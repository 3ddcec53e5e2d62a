import { type Code, closingOf, type Piece, type Remark } from './rule.ts';

type Sink = {
  readonly rule: string;
  readonly languages: readonly string[];
  /** Names of the call, from the last word backwards: `os.system`. Without a dot: only where nothing stands before it. */
  readonly names: readonly string[];
  /** Which arguments are dangerous. */
  readonly when: 'any-variable' | 'built-text' | 'shell-true';
  readonly message: string;
  readonly fix: string;
};

const ECMASCRIPT = ['JavaScript', 'TypeScript'];
const RUN_ARGUMENTS = 'Run the program without a shell, with its arguments as a list.';

const SINKS: readonly Sink[] = [
  {
    rule: 'security/eval',
    languages: [...ECMASCRIPT, 'Python', 'PHP', 'Ruby'],
    names: ['eval', 'window.eval', 'global.eval', 'globalThis.eval', 'builtins.eval'],
    when: 'any-variable',
    message: 'Text is run as code: whoever can change the text decides what the program does.',
    fix: 'Parse the text as data (JSON, a grammar), or choose among functions by name.',
  },
  {
    rule: 'security/eval',
    languages: ['Python'],
    names: ['exec'],
    when: 'any-variable',
    message: 'Text is run as code: whoever can change the text decides what the program does.',
    fix: 'Parse the text as data, or choose among functions by name.',
  },
  {
    rule: 'security/shell-command',
    languages: ECMASCRIPT,
    names: ['exec', 'execSync', 'child_process.exec', 'child_process.execSync', 'cp.exec', 'cp.execSync'],
    when: 'built-text',
    message: 'A command for a shell is put together from values: a value with `;` or `$(…)` runs commands of its own.',
    fix: 'Use `execFile` or `spawn` with its arguments as a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Python'],
    names: ['os.system', 'os.popen', 'subprocess.getoutput', 'commands.getoutput'],
    when: 'built-text',
    message: 'A command for a shell is put together from values: a value with `;` or `$(…)` runs commands of its own.',
    fix: 'Use `subprocess.run([...])` with its arguments as a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Python'],
    names: [
      'subprocess.run',
      'subprocess.call',
      'subprocess.Popen',
      'subprocess.check_output',
      'subprocess.check_call',
    ],
    when: 'shell-true',
    message: 'A command that is put together from values runs in a shell (`shell=True`).',
    fix: RUN_ARGUMENTS,
  },
  {
    rule: 'security/shell-command',
    languages: ['PHP'],
    names: ['exec', 'shell_exec', 'system', 'passthru', 'popen', 'proc_open'],
    when: 'built-text',
    message: 'A command for a shell is put together from values.',
    fix: 'Pass each value through `escapeshellarg`, or use `proc_open` with a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Ruby'],
    names: ['system', 'exec', 'IO.popen', 'Kernel.system', 'Open3.capture2', 'Open3.capture3'],
    when: 'built-text',
    message: 'A command for a shell is put together from values.',
    fix: 'Give each argument on its own: `system("git", "show", name)`.',
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['Python'],
    names: ['pickle.loads', 'pickle.load', 'cPickle.loads', 'marshal.loads', 'dill.loads', 'yaml.unsafe_load'],
    when: 'any-variable',
    message: 'Reading such bytes can run code that is in them.',
    fix: 'Use JSON, or bytes whose signature was checked before; for YAML `yaml.safe_load`.',
  },
];

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
      ({ sink, parts }) => sink.languages.includes(code.language) && isNamed(code, at, parts),
    );
    if (!found || !isDangerous(code, at, found.sink)) continue;
    const { rule, message, fix } = found.sink;
    yield {
      rule,
      severity: 'high',
      category: 'security',
      path: code.path,
      line: token.line,
      message,
      evidence: null,
      fix,
      verify: null,
    };
  }
}

function isNamed(code: Code, at: number, parts: readonly string[]): boolean {
  const { pieces } = code;
  for (let part = parts.length - 2, place = at - 2; part >= 0; part--, place -= 2) {
    if (pieces[place + 1]?.text !== '.' || pieces[place]?.text !== parts[part]) return false;
  }
  const before = pieces[at - 2 * (parts.length - 1) - 1]?.text ?? '';
  // A method of that name that is being written: `exec(a) {`.
  if (NOT_A_CALL.has(before) || pieces[closingOf(code, at + 1) + 1]?.text === '{') return false;
  const plain = parts.length === 1 && parts[0] !== 'eval' && ECMASCRIPT.includes(code.language);
  return !plain || importsChildProcess(code);
}

/** `exec` alone is a method of much else. */
function importsChildProcess({ text: whole }: Code): boolean {
  return /['"](?:node:)?child_process['"]/.test(whole);
}

function isDangerous(code: Code, at: number, { when }: Sink): boolean {
  const close = closingOf(code, at + 1);
  if (close < 0) return false;
  const args = code.pieces.slice(at + 2, close);
  const first = firstArgument(args);
  if (first.length === 0) return false;
  if (when === 'any-variable') return first.some(({ token }) => token.kind === 'word' || token.filled);
  const built = isBuilt(first);
  return when === 'built-text'
    ? built
    : built && args.some(({ text: word }, index) => word === 'shell' && args[index + 2]?.text === 'True');
}

export function firstArgument(args: readonly Piece[]): readonly Piece[] {
  let depth = 0;
  const end = args.findIndex(({ text: word }) => {
    if (/^[([{]$/.test(word)) depth++;
    if (/^[)\]}]$/.test(word)) depth--;
    return word === ',' && depth === 0;
  });
  return end < 0 ? args : args.slice(0, end);
}

/** A text with values in it: filled, joined, or formatted. */
export function isBuilt(pieces: readonly Piece[]): boolean {
  const strings = pieces.filter(({ token }) => token.kind === 'string');
  if (strings.length === 0) return false;
  if (strings.some(({ token }) => token.filled)) return true;
  const joined = pieces.some(
    ({ text: word, token }, at) =>
      (word === '+' || (word === '.' && pieces[at + 1]?.text.startsWith('$'))) &&
      token.kind === 'mark' &&
      [pieces[at - 1], pieces[at + 1]].some((side) => side?.token.kind === 'word') &&
      [pieces[at - 1], pieces[at + 1]].some((side) => side?.token.kind === 'string'),
  );
  const formatted = pieces.some(
    ({ text: word }, at) =>
      (word === '%' && pieces[at - 1]?.token.kind === 'string') ||
      (word === 'format' && pieces[at - 2]?.token.kind === 'string'),
  );
  return joined || formatted;
}
