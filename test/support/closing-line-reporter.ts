import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line, `N passed, N failed`, and `, N skipped` where tests were: for programs that read it. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    process.stdout.write(`${closingLine(modules, unhandledErrors.length)}\n`);
  }
}

/** Whatever fails outside a test (a file that does not load, a hook, a stray rejection) counts as one failure. */
function closingLine(modules: readonly TestModule[], unhandledErrors: number): string {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state: string) => tests.filter((test) => test.result().state === state).length;
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.filter((suite) => suite.errors().length > 0).length;
  const skipped = count('skipped') + count('pending');
  const line = `${count('passed')} passed, ${count('failed') + broken + unhandledErrors} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}
