import type { Severity } from '../../analysis.ts';

/** A call that is dangerous with some arguments. */
export type Sink = {
  readonly rule: string;
  readonly languages: readonly string[];
  /** Names of the call, from the last word backwards: `os.system`. Without a dot: only where nothing stands before it. */
  readonly names: readonly string[];
  /** The call whose result has it as a method: `getRuntime().exec`. */
  readonly of?: string;
  /** With `new` before it. */
  readonly constructs?: true;
  /**
   * Which arguments are dangerous. `any-variable`: the first is no literal. `built-text`: it is put together from values, here
   * or where its name was given its value. `shell-true`: so, and a shell is asked for. `shell-list`: a shell gets such a text
   * behind `-c`. `no-loader`: nothing says that only plain values are read. `from-outside`: what a request brought.
   */
  readonly when: 'any-variable' | 'built-text' | 'shell-true' | 'shell-list' | 'no-loader' | 'from-outside';
  /** High unless it says otherwise. */
  readonly severity?: Severity;
  readonly message: string;
  readonly fix: string;
};

const ECMASCRIPT = ['JavaScript', 'TypeScript'];
const RUN_ARGUMENTS = 'Run the program without a shell, with its arguments as a list.';
const EVAL = 'Text is run as code: whoever can change the text decides what the program does.';
const SHELL = 'A command for a shell is put together from values: a value with `;` or `$(…)` runs commands of its own.';
const SHELL_OF_VALUES = 'A command for a shell is put together from values.';
const READ = 'Reading such bytes can run code that is in them.';

export const SINKS: readonly Sink[] = [
  {
    rule: 'security/eval',
    languages: [...ECMASCRIPT, 'Python', 'PHP', 'Ruby'],
    names: ['eval', 'window.eval', 'global.eval', 'globalThis.eval', 'builtins.eval'],
    when: 'any-variable',
    message: EVAL,
    fix: 'Parse the text as data (JSON, a grammar), or choose among functions by name.',
  },
  {
    rule: 'security/eval',
    languages: ECMASCRIPT,
    names: ['Function'],
    constructs: true,
    when: 'any-variable',
    message: EVAL,
    fix: 'Write the function, or choose among functions by name.',
  },
  {
    rule: 'security/eval',
    languages: ['Python'],
    names: ['exec'],
    when: 'any-variable',
    message: EVAL,
    fix: 'Parse the text as data, or choose among functions by name.',
  },
  {
    rule: 'security/shell-command',
    languages: ECMASCRIPT,
    names: ['exec', 'execSync', 'child_process.exec', 'child_process.execSync', 'cp.exec', 'cp.execSync'],
    when: 'built-text',
    message: SHELL,
    fix: 'Use `execFile` or `spawn` with its arguments as a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ECMASCRIPT,
    names: ['spawn', 'spawnSync', 'child_process.spawn', 'child_process.spawnSync', 'cp.spawn', 'cp.spawnSync'],
    when: 'shell-true',
    message: SHELL,
    fix: 'Leave `shell` out, and give the arguments as a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Python'],
    names: ['os.system', 'os.popen', 'subprocess.getoutput', 'commands.getoutput'],
    when: 'built-text',
    message: SHELL,
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
    message: SHELL_OF_VALUES,
    fix: 'Pass each value through `escapeshellarg`, or use `proc_open` with a list.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Ruby'],
    names: ['system', 'exec', 'IO.popen', 'Kernel.system', 'Open3.capture2', 'Open3.capture3'],
    when: 'built-text',
    message: SHELL_OF_VALUES,
    fix: 'Give each argument on its own: `system("git", "show", name)`.',
  },
  {
    rule: 'security/shell-command',
    languages: ['Go'],
    names: ['exec.Command', 'exec.CommandContext'],
    when: 'shell-list',
    message: SHELL,
    fix: RUN_ARGUMENTS,
  },
  {
    rule: 'security/shell-command',
    languages: ['Java', 'Kotlin'],
    names: ['exec'],
    of: 'getRuntime',
    when: 'built-text',
    message:
      'A command is put together from values: a value with a blank in it adds arguments, one for a shell commands.',
    fix: 'Use `ProcessBuilder` with the arguments as a list.',
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['Python'],
    names: ['pickle.loads', 'pickle.load', 'cPickle.loads', 'marshal.loads', 'dill.loads', 'yaml.unsafe_load'],
    when: 'any-variable',
    message: READ,
    fix: 'Use JSON, or bytes whose signature was checked before; for YAML `yaml.safe_load`.',
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['Python'],
    names: ['yaml.load'],
    when: 'no-loader',
    message: READ,
    fix: 'Use `yaml.safe_load`.',
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['Ruby'],
    names: ['Marshal.load'],
    when: 'any-variable',
    message: READ,
    fix: 'Use JSON, or bytes whose signature was checked before.',
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['PHP'],
    names: ['unserialize'],
    when: 'from-outside',
    message: READ,
    fix: "Use `json_decode`, or `['allowed_classes' => false]`.",
  },
  {
    rule: 'security/unsafe-deserialisation',
    languages: ['Java', 'Kotlin'],
    names: ['ObjectInputStream'],
    constructs: true,
    when: 'any-variable',
    severity: 'medium',
    message: READ,
    fix: 'Use JSON, or an `ObjectInputFilter` that names the classes that may come.',
  },
];
