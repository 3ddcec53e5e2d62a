/** A way to write a string. `open` is sticky; where it has a first group, `close` is made of it. */
export type StringForm = {
  readonly open: RegExp;
  /** What ends it, from what opened it; null where `open` matches the whole string. */
  readonly close: ((opened: string, group: string) => string) | null;
  readonly escape: 'backslash' | 'doubled' | 'none';
  readonly multiline: boolean;
  /** What in its text stands for a value put in; null where nothing does. */
  readonly inserts: ((opened: string) => RegExp | null) | null;
};

/** How a family of languages writes comments and strings: all that the scanner needs to know of it. */
export type Syntax = {
  readonly line: readonly string[];
  readonly block: readonly { readonly open: string; readonly close: string; readonly nested: boolean }[];
  readonly strings: readonly StringForm[];
  /** Characters that a string may open with: the others are spared the trial. */
  readonly stringStarts: string;
  /** `/…/` may be a regular expression. */
  readonly regexes: boolean;
  /** `` `…${…}…` `` with code in it that may itself hold templates. */
  readonly templates: boolean;
  readonly heredocs: RegExp | null;
  /** Only what stands between these is code. */
  readonly island: { readonly open: RegExp; readonly close: string } | null;
};

const SLASHES = { line: ['//'], block: [{ open: '/*', close: '*/', nested: false }] };
const NESTED = { line: ['//'], block: [{ open: '/*', close: '*/', nested: true }] };
const NONE = { regexes: false, templates: false, heredocs: null, island: null };

function quoted(open: RegExp, more: Partial<StringForm> = {}): StringForm {
  return { open, close: (opened) => opened, escape: 'backslash', multiline: false, inserts: null, ...more };
}

const DOLLAR = /\$[\w{]/;
const TRIPLE = /"""/y;
const DOUBLE = /"/y;
const SINGLE = /'/y;
const CHARACTER = /'(?:\\(?:u\{?[0-9a-fA-F]{1,6}\}?|x[0-9a-fA-F]{2}|.)|[^'\\\n])'/uy;
const raw = { escape: 'none', multiline: true } as const;

const PYTHON = /[rRbBuUfFtT]{0,2}("""|'''|"|')/y;
const python: StringForm = {
  open: PYTHON,
  close: (_, group) => group,
  escape: 'backslash',
  multiline: true,
  inserts: (opened) => (/^[a-z]*f/i.test(opened) ? /\{[^{]/ : null),
};

/** By the name that `languages.ts` gives. */
export const SYNTAXES = {
  javascript: {
    ...SLASHES,
    strings: [quoted(DOUBLE), quoted(SINGLE)],
    stringStarts: `"'`,
    ...NONE,
    regexes: true,
    templates: true,
  },
  python: { line: ['#'], block: [], strings: [python], stringStarts: `"'rRbBuUfFtT`, ...NONE },
  java: {
    ...SLASHES,
    strings: [quoted(TRIPLE, { multiline: true }), quoted(DOUBLE), quoted(SINGLE)],
    stringStarts: `"'`,
    ...NONE,
  },
  go: { ...SLASHES, strings: [quoted(/`/y, raw), quoted(DOUBLE), quoted(SINGLE)], stringStarts: '"\'`', ...NONE },
  rust: {
    ...NESTED,
    strings: [
      { open: /b?r(#{0,8})"/y, close: (_, group) => `"${group}`, inserts: null, ...raw },
      { ...quoted(/b?"/y, { multiline: true }), close: () => '"' },
      { ...quoted(CHARACTER), close: null },
    ],
    stringStarts: `"'br`,
    ...NONE,
  },
  ruby: {
    line: ['#'],
    block: [{ open: '\n=begin', close: '\n=end', nested: false }],
    strings: [
      quoted(DOUBLE, { multiline: true, inserts: () => /#\{/ }),
      quoted(SINGLE, { multiline: true }),
      quoted(/`/y, { multiline: true, inserts: () => /#\{/ }),
      {
        open: /%[qQwWiI]?([[({])/y,
        close: (_, group) => ({ '[': ']', '(': ')', '{': '}' })[group] ?? group,
        ...raw,
        inserts: () => /#\{/,
      },
    ],
    stringStarts: '"\'`%',
    ...NONE,
    regexes: true,
    heredocs: /<<[~-]?(["'`]?)([A-Z_][A-Z0-9_]*)\1/y,
  },
  php: {
    line: ['//', '#'],
    block: [{ open: '/*', close: '*/', nested: false }],
    strings: [
      quoted(DOUBLE, { multiline: true, inserts: () => /\$\w|\{\$/ }),
      quoted(SINGLE, { multiline: true }),
      quoted(/`/y, { inserts: () => /\$\w|\{\$/ }),
    ],
    stringStarts: '"\'`',
    ...NONE,
    heredocs: /<<<[ \t]*(["']?)([A-Za-z_]\w*)\1/y,
    island: { open: /<\?(?:php|=)/g, close: '?>' },
  },
  csharp: {
    ...SLASHES,
    strings: [
      {
        open: /\$*("{3,16})/y,
        close: (_, group) => group,
        inserts: (opened) => (opened.startsWith('$') ? /\{[^{]/ : null),
        ...raw,
      },
      {
        open: /(?:@\$?|\$@)"/y,
        close: () => '"',
        escape: 'doubled',
        multiline: true,
        inserts: (opened) => (opened.includes('$') ? /\{[^{]/ : null),
      },
      {
        open: /\$?"/y,
        close: () => '"',
        escape: 'backslash',
        multiline: false,
        inserts: (opened) => (opened.startsWith('$') ? /\{[^{]/ : null),
      },
      quoted(SINGLE),
    ],
    stringStarts: `"'$@`,
    ...NONE,
  },
  c: {
    ...SLASHES,
    strings: [
      { open: /(?:u8|u|U|L)?R"([^()\\\s]{0,16})\(/y, close: (_, group) => `)${group}"`, inserts: null, ...raw },
      quoted(DOUBLE),
      quoted(SINGLE),
    ],
    stringStarts: `"'uULR`,
    ...NONE,
  },
  kotlin: {
    ...NESTED,
    strings: [
      quoted(TRIPLE, { ...raw, inserts: () => DOLLAR }),
      quoted(DOUBLE, { inserts: () => DOLLAR }),
      quoted(SINGLE),
    ],
    stringStarts: `"'`,
    ...NONE,
  },
  scala: {
    ...NESTED,
    strings: [
      {
        open: /[a-z]{0,12}"""/y,
        close: () => '"""',
        inserts: (opened) => (opened.startsWith('"') ? null : DOLLAR),
        ...raw,
      },
      {
        open: /[a-z]{0,12}"/y,
        close: () => '"',
        escape: 'backslash',
        multiline: false,
        inserts: (opened) => (opened.startsWith('"') ? null : DOLLAR),
      },
      { ...quoted(CHARACTER), close: null },
    ],
    stringStarts: `"'abcdefghijklmnopqrstuvwxyz`,
    ...NONE,
  },
  swift: {
    ...NESTED,
    strings: [
      {
        open: /#{0,4}"""/y,
        close: (opened) => `"""${opened.replaceAll('"', '')}`,
        escape: 'backslash',
        multiline: true,
        inserts: () => /\\#{0,4}\(/,
      },
      {
        open: /#{0,4}"/y,
        close: (opened) => `"${opened.replaceAll('"', '')}`,
        escape: 'backslash',
        multiline: false,
        inserts: () => /\\#{0,4}\(/,
      },
    ],
    stringStarts: '"#',
    ...NONE,
  },
  shell: {
    line: ['#'],
    block: [],
    strings: [
      quoted(DOUBLE, { multiline: true, inserts: () => /\$[\w{(]/ }),
      quoted(SINGLE, { multiline: true, escape: 'none' }),
    ],
    stringStarts: `"'`,
    ...NONE,
  },
  hash: { line: ['#'], block: [], strings: [], stringStarts: '', ...NONE },
  css: { line: [], block: SLASHES.block, strings: [quoted(DOUBLE), quoted(SINGLE)], stringStarts: `"'`, ...NONE },
  sql: {
    line: ['--'],
    block: SLASHES.block,
    strings: [quoted(SINGLE, { escape: 'doubled', multiline: true })],
    stringStarts: `'`,
    ...NONE,
  },
  markup: { line: [], block: [{ open: '<!--', close: '-->', nested: false }], strings: [], stringStarts: '', ...NONE },
  plain: { line: [], block: [], strings: [], stringStarts: '', ...NONE },
} as const satisfies Record<string, Syntax>;

export type SyntaxName = keyof typeof SYNTAXES;
