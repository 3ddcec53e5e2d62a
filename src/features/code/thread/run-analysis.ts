import type { Analysis, CodeBase, CodeFile } from '../analysis.ts';
import { architectureOf } from '../judge/architecture/architecture.ts';
import { findingsFrom } from '../judge/findings.ts';
import { judgeFile, judgeSecrets } from '../judge/judge-file.ts';
import { judgeReadiness } from '../judge/readiness/judge-readiness.ts';
import type { Remark } from '../judge/rules/rule.ts';
import { wholeCode } from '../judge/rules/whole.ts';
import { scoresOf } from '../judge/scores.ts';
import { measureDependencies } from '../measure/dependencies/dependencies.ts';
import { DuplicationFinder } from '../measure/duplication.ts';
import { measureHistory } from '../measure/history.ts';
import { type FileImports, importsOf, measureImports } from '../measure/imports/graph.ts';
import { type MeasuredFile, measureFile } from '../measure/measure-file.ts';
import type { FileMetrics, FunctionMetrics, Metrics } from '../measure/metrics.ts';
import { StructureReader } from '../measure/structure/parse.ts';
import { functionsOf, languagesOf, totalsOf } from '../measure/summary.ts';
import { type AnalysisOrder, byPath } from './order.ts';

/** Of the rules and formulas: raised when the same code would be judged otherwise. */
export const ENGINE = '1';
const MOST_FAILED = 1_000;

/** The whole analysis, in the thread that calls it. */
export async function runAnalysis({ code, limits, broken, progress }: AnalysisOrder): Promise<Analysis> {
  const files = byPath(code.files);
  const place = new Int32Array(progress);
  const gathered = new Gathered();
  const reader = await StructureReader.open();
  const reasons = new Map(broken.map(({ path, reason }) => [path, reason]));
  for (const [at, file] of files.entries()) {
    Atomics.store(place, 0, at);
    const reason = reasons.get(file.path);
    if (reason === undefined) await gathered.take(file, reader, limits.parsedBytes);
    else gathered.failed.push({ path: file.path, reason });
  }
  Atomics.store(place, 0, files.length);
  return judged({ ...code, files }, gathered, limits.findingsPerRule);
}

/** What is kept of the files: not their tokens, which are larger than their text. */
class Gathered {
  readonly files: FileMetrics[] = [];
  readonly functions: FunctionMetrics[] = [];
  readonly imports: FileImports[] = [];
  readonly remarks: Remark[] = [];
  readonly failed: { path: string; reason: string }[] = [];
  readonly duplication = new DuplicationFinder();

  /** A file that breaks a rule or a reader fails alone. */
  async take(file: CodeFile, reader: StructureReader, parsedBytes: number): Promise<void> {
    try {
      this.remarks.push(...judgeSecrets(file));
      const measured = await measureFile(file, reader, parsedBytes);
      if (measured) this.add(measured);
    } catch (error) {
      this.failed.push({ path: file.path, reason: `not measured: ${(error as Error).message}`.slice(0, 300) });
    }
  }

  private add(measured: MeasuredFile): void {
    const { file, metrics, tokens, functions, failed, language } = measured;
    const remarks = judgeFile(measured);
    const imports = importsOf(measured);
    this.files.push(metrics);
    this.remarks.push(...remarks);
    if (imports) this.imports.push(imports);
    if (failed !== null) this.failed.push({ path: file.path, reason: failed });
    if (metrics.role !== 'product') return;
    this.functions.push(...functions);
    if (language.program) this.duplication.add(file.path, file.text, tokens, metrics.codeLines);
  }
}

function judged(code: CodeBase, gathered: Gathered, findingsPerRule: number): Analysis {
  const { files, functions, remarks } = gathered;
  const imports = measureImports(gathered.imports, code.files);
  const measured: Metrics = {
    totals: totalsOf(files),
    languages: languagesOf(files),
    files,
    functions: functionsOf(functions),
    duplication: gathered.duplication.find(),
    dependencies: measureDependencies(code.files),
    imports: imports.graph,
    history: measureHistory(code.history, files),
    failed: gathered.failed.slice(0, MOST_FAILED),
    failedLeftOut: Math.max(0, gathered.failed.length - MOST_FAILED),
    findingsLeftOut: {},
  };
  const product = new Set(files.filter(({ role }) => role === 'product').map(({ path }) => path));
  const texts = new Map(code.files.map(({ path, text }) => [path, text]));
  const { findings, leftOut } = findingsFrom(
    [...remarks, ...wholeCode(measured, imports.lines, product)],
    (path) => texts.get(path) ?? null,
    findingsPerRule,
  );
  const metrics: Metrics = { ...measured, findingsLeftOut: leftOut };
  return {
    engine: ENGINE,
    metrics,
    architecture: architectureOf(code.files, metrics, imports.edges),
    findings,
    scores: scoresOf({ metrics, findings, functions }),
    readiness: judgeReadiness(code, findings),
  };
}
