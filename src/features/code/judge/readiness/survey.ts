import type { CodeBase, CodeFile, Finding } from '../../analysis.ts';
import { commentStyleOf, withoutComments } from './blank-text.ts';
import { type FileRole, isAside, roleOf } from './file-roles.ts';
import type { Evidence } from './judgement.ts';
import { declarationPatternOf, importPatternOf, isWithin } from './modules.ts';
import { shownLine } from './shown-line.ts';

/** A code base in the form in which criteria ask about it. */
export type Survey = {
  /** False where files were left out that may hold what is looked for: what was not seen there is not known. */
  readonly complete: boolean;
  readonly paths: readonly string[];
  /** Paths that were left out because the code base itself, or a limit, says so. */
  readonly skipped: ReadonlySet<string>;
  /** Where the rules for secrets found one, tests and examples aside. */
  readonly secrets: readonly Evidence[];
  files(...roles: FileRole[]): readonly SurveyedFile[];
  /** Files whose path fits, as evidence. */
  named(pattern: RegExp): readonly Evidence[];
  /** The first lines that fit, at most `most` (3), comments aside. Patterns are global and stay within a line. */
  find(pattern: RegExp, where?: Where): readonly Evidence[];
  count(pattern: RegExp, where?: Where): number;
  /** Lines that import one of these modules in code that runs. */
  imported(names: readonly string[]): readonly Evidence[];
  /** Lines of manifests that name one of these packages. */
  declared(names: readonly string[]): readonly Evidence[];
  /** Imported; or declared where a framework takes what is declared into use by itself (Spring, Rails, Laravel, ASP.NET). */
  uses(names: readonly string[]): readonly Evidence[];
};

export type Where = { roles?: readonly FileRole[]; paths?: RegExp; most?: number };

export type SurveyedFile = {
  readonly path: string;
  readonly role: FileRole;
  /** Comments are blanked. */
  readonly text: string;
  /** As it is. */
  readonly original: string;
};

const MOST_EVIDENCE = 3;
/** Longer lines are written by machines. */
const LONGEST_LINE = 5_000;
/** Manifests whose packages work without being imported anywhere. */
const WIRED_BY_DECLARATION =
  /pom\.xml$|\.gradle(?:\.kts)?$|libs\.versions\.toml$|Gemfile$|composer\.json$|\.csproj$|mix\.exs$/;

export function surveyOf(code: CodeBase, findings: readonly Finding[] = []): Survey {
  const surveyed = code.files.map(surveyFile);
  const byRole = Map.groupBy(surveyed, ({ role }) => role);
  const files = (...roles: FileRole[]) =>
    roles.length === 1 && roles[0] ? (byRole.get(roles[0]) ?? []) : surveyed.filter(({ role }) => roles.includes(role));
  const imports = index(files('source'), importPatternOf);
  const declarations = index(files('manifest'), declarationPatternOf);

  const find = (pattern: RegExp, { roles = ['source'], paths, most = MOST_EVIDENCE }: Where = {}) => {
    const found: Evidence[] = [];
    for (const file of files(...roles)) {
      if (found.length >= most) break;
      if (!paths || paths.test(file.path)) collect(file, pattern, most, found);
    }
    return found;
  };
  const imported = (names: readonly string[]) =>
    pick(imports, (module) => names.some((name) => isWithin(module, name)));
  const declared = (names: readonly string[]) => pick(declarations, isOneOf(names));

  return {
    complete: code.skipped.every(
      ({ reason, path }) => reason === 'binary' || reason === 'ignored' || cannotAnswer(path),
    ),
    paths: surveyed.map(({ path }) => path),
    skipped: new Set(code.skipped.map(({ path }) => path)),
    secrets: secretsAmong(findings),
    files,
    named: (pattern) =>
      surveyed
        .filter(({ path }) => pattern.test(path))
        .slice(0, MOST_EVIDENCE)
        .map(({ path }) => ({ path, line: null, text: '' })),
    find,
    count: (pattern, where) => find(pattern, { ...where, most: 100_000 }).length,
    imported,
    declared,
    uses: (names) => {
      const wired = pick(declarations, isOneOf(names)).filter(({ path }) => WIRED_BY_DECLARATION.test(path));
      return [...imported(names), ...wired].slice(0, MOST_EVIDENCE);
    },
  };
}

function collect(file: SurveyedFile, pattern: RegExp, most: number, found: Evidence[]): void {
  for (const match of file.text.matchAll(pattern)) {
    const evidence = evidenceAt(file, match.index + leadingSpace(match[0]));
    const last = found.at(-1);
    // A line that fits twice is one line.
    if (last?.path !== evidence.path || last.line !== evidence.line) found.push(evidence);
    if (found.length >= most) return;
  }
}

function secretsAmong(findings: readonly Finding[]): Evidence[] {
  return findings.flatMap(({ rule, path, line, evidence }) =>
    rule.startsWith('secrets/') && path !== null && roleOf(path) !== 'test' && !isAside(path)
      ? [{ path, line, text: shownLine(evidence) }]
      : [],
  );
}

function cannotAnswer(path: string): boolean {
  const role = roleOf(path);
  return role === 'test' || role === 'lock' || role === 'other';
}

function surveyFile({ path, text }: CodeFile): SurveyedFile {
  const role = hasEndlessLine(text) ? 'other' : roleOf(path);
  const reads = role !== 'other' && role !== 'lock' && role !== 'document';
  return { path, role, original: text, text: reads ? withoutComments(text, commentStyleOf(path)) : text };
}

function hasEndlessLine(text: string): boolean {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    if ((end < 0 ? text.length : end) - from > LONGEST_LINE) return true;
    if (end < 0) return false;
    from = end + 1;
  }
  return false;
}

type Named = { name: string; evidence: () => Evidence };

function index(files: readonly SurveyedFile[], patternOf: (path: string) => RegExp | null): readonly Named[] {
  return files.flatMap((file) => {
    const pattern = patternOf(file.path);
    if (!pattern) return [];
    return [...file.text.matchAll(pattern)].map((match) => ({
      name: match[1] ?? '',
      evidence: () => evidenceAt(file, match.index + leadingSpace(match[0])),
    }));
  });
}

function pick(index: readonly Named[], fits: (name: string) => boolean): Evidence[] {
  const found: Evidence[] = [];
  for (const { name, evidence } of index) {
    if (fits(name)) found.push(evidence());
    if (found.length >= MOST_EVIDENCE) break;
  }
  return found;
}

function isOneOf(names: readonly string[]): (name: string) => boolean {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return (name) => wanted.has(name.toLowerCase());
}

function leadingSpace(text: string): number {
  return text.length - text.trimStart().length;
}

export function evidenceAt(file: SurveyedFile, offset: number): Evidence {
  const starts = lineStartsOf(file);
  const line = lineOf(starts, offset);
  const end = starts[line];
  const text = file.original.slice(starts[line - 1], end === undefined ? undefined : end - 1);
  return { path: file.path, line, text: shownLine(text) };
}

const lineStarts = new WeakMap<SurveyedFile, readonly number[]>();

/** Found once for each file: a file of nothing but what is looked for would else be read anew for each line. */
function lineStartsOf(file: SurveyedFile): readonly number[] {
  const known = lineStarts.get(file);
  if (known) return known;
  const starts = [0];
  for (let at = file.original.indexOf('\n'); at >= 0; at = file.original.indexOf('\n', at + 1)) starts.push(at + 1);
  lineStarts.set(file, starts);
  return starts;
}

/** From 1. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
