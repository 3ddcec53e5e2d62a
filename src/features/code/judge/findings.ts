import { createHash } from 'node:crypto';
import { type Finding, SEVERITIES } from '../analysis.ts';
import { shownLine } from './readiness/shown-line.ts';
import type { Remark } from './rules/rule.ts';

const LONGEST_EVIDENCE = 200;

/** Names what was found, so that it is known again in the next analysis; and keeps the worst of each rule. */
export function findingsFrom(
  remarks: readonly Remark[],
  textOf: (path: string) => string | null,
  mostOfARule: number,
): { readonly findings: Finding[]; readonly leftOut: Record<string, number> } {
  const lines = new LineReader(textOf);
  const sorted = remarks
    .map((remark) => ({ ...remark, evidence: shown(remark.evidence ?? shownLine(lines.at(remark.path, remark.line))) }))
    .sort(byWeight);
  const occurrences = new Map<string, number>();
  const kept = new Map<string, number>();
  const leftOut: Record<string, number> = {};
  const findings: Finding[] = [];
  for (const remark of sorted) {
    const stem = [remark.rule, remark.path ?? '', remark.evidence.replace(/\s+/g, ' ')].join('\n');
    const occurrence = (occurrences.get(stem) ?? 0) + 1;
    occurrences.set(stem, occurrence);
    const count = (kept.get(remark.rule) ?? 0) + 1;
    kept.set(remark.rule, count);
    if (count > mostOfARule) leftOut[remark.rule] = count - mostOfARule;
    else findings.push({ ...remark, fingerprint: fingerprint(`${stem}\n${occurrence}`) });
  }
  return { findings, leftOut };
}

function byWeight(a: Remark, b: Remark): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    order(a.path ?? '', b.path ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    order(a.rule, b.rule) ||
    order(a.message, b.message)
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** One line, without characters that a terminal would act upon. */
function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
  return line.length > LONGEST_EVIDENCE ? `${line.slice(0, LONGEST_EVIDENCE - 1)}…` : line;
}

/** Lines of files; the last file is kept cut, since remarks come file by file. */
class LineReader {
  private readonly textOf: (path: string) => string | null;
  private path: string | null = null;
  private lines: readonly string[] = [];

  constructor(textOf: (path: string) => string | null) {
    this.textOf = textOf;
  }

  at(path: string | null, line: number | null): string {
    if (path === null || line === null) return '';
    if (this.path !== path) {
      this.path = path;
      this.lines = (this.textOf(path) ?? '').split('\n');
    }
    return (this.lines[line - 1] ?? '').slice(0, 2_000);
  }
}
