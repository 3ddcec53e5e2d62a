import { posix } from 'node:path';
import type { SyntaxName } from './tokens/syntax.ts';

/** A grammar that is there to parse with; `measure/structure/queries.ts` says what is read of it. */
export type Grammar =
  | 'typescript'
  | 'tsx'
  | 'javascript'
  | 'python'
  | 'java'
  | 'go'
  | 'rust'
  | 'ruby'
  | 'php'
  | 'c-sharp'
  | 'cpp';

export type Language = {
  readonly name: string;
  readonly syntax: SyntaxName;
  /** Null where functions are found by words and braces, or not at all. */
  readonly grammar: Grammar | null;
  /** The word before a function's name, where there is no grammar. */
  readonly functionWord: string | null;
  /** Program text: its lines count for scores. Data, markup and documents are counted, no more. */
  readonly program: boolean;
};

type Row = readonly [name: string, extensions: string, syntax: SyntaxName, grammar?: Grammar];

const PROGRAMS: readonly Row[] = [
  ['TypeScript', 'ts mts cts', 'javascript', 'typescript'],
  ['TypeScript', 'tsx', 'javascript', 'tsx'],
  ['JavaScript', 'js mjs cjs jsx', 'javascript', 'javascript'],
  ['Python', 'py pyi', 'python', 'python'],
  ['Java', 'java', 'java', 'java'],
  ['Go', 'go', 'go', 'go'],
  ['Rust', 'rs', 'rust', 'rust'],
  ['Ruby', 'rb rake', 'ruby', 'ruby'],
  ['PHP', 'php', 'php', 'php'],
  ['C#', 'cs', 'csharp', 'c-sharp'],
  ['C', 'c h', 'c', 'cpp'],
  ['C++', 'cc cpp cxx hh hpp hxx', 'c', 'cpp'],
  ['Kotlin', 'kt kts', 'kotlin'],
  ['Swift', 'swift', 'swift'],
  ['Scala', 'scala sc', 'scala'],
  ['Shell', 'sh bash zsh', 'shell'],
];

const OTHERS: readonly Row[] = [
  ['SQL', 'sql', 'sql'],
  ['CSS', 'css scss less', 'css'],
  ['HTML', 'html htm vue svelte', 'markup'],
  ['XML', 'xml xsd xsl csproj props targets', 'markup'],
  ['YAML', 'yaml yml', 'hash'],
  ['TOML', 'toml', 'hash'],
  ['JSON', 'json jsonc', 'plain'],
  ['Markdown', 'md mdx', 'plain'],
  ['Terraform', 'tf', 'hash'],
  ['Protocol Buffers', 'proto', 'c'],
];

const FUNCTION_WORDS: Readonly<Record<string, string>> = { Kotlin: 'fun', Swift: 'func', Scala: 'def' };

const BY_EXTENSION: ReadonlyMap<string, Language> = new Map(
  [...PROGRAMS.map((row) => [row, true] as const), ...OTHERS.map((row) => [row, false] as const)].flatMap(
    ([[name, extensions, syntax, grammar], program]) => {
      const language = { name, syntax, grammar: grammar ?? null, functionWord: FUNCTION_WORDS[name] ?? null, program };
      return extensions.split(' ').map((extension) => [extension, language] as const);
    },
  ),
);

const BY_NAME: Readonly<Record<string, string>> = { Rakefile: 'rb', Gemfile: 'rb' };

/** The language of a file, by its name; null where it is unknown and not counted. */
export function languageOf(path: string): Language | null {
  const name = posix.basename(path);
  if (name === 'Dockerfile' || name === 'Makefile') {
    return { name, syntax: 'hash', grammar: null, functionWord: null, program: false };
  }
  const extension = BY_NAME[name] ?? posix.extname(name).slice(1).toLowerCase();
  return BY_EXTENSION.get(extension) ?? null;
}
