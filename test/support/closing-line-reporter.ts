import type { SerializedError } from 'vitest';
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

const NAMES_SHOWN = 20;

/**
 * Ends a run with one plain line, `N passed, N failed`, and `, N skipped` where tests were: for programs that read it.
 * Before it come the names of what was skipped, because nothing should be left out unnoticed.
 */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const failures = tests.filter((test) => test.result().state === 'failed').length;
    const skipped = tests.filter((test) => ['skipped', 'pending'].includes(test.result().state));
    const names = [...new Set(skipped.map((test) => test.fullName))];
    for (const name of names.slice(0, NAMES_SHOWN)) print(`Skipped: ${name}`);
    if (names.length > NAMES_SHOWN) print(`Skipped: ${names.length - NAMES_SHOWN} more`);

    const failed = failures + failuresOutsideTests(modules) + errors.length;
    // A run that did not even come to its tests, or was interrupted, has failed too.
    const atLeastOne = tests.length === 0 || reason !== 'passed' ? 1 : 0;
    const line = `${passed} passed, ${Math.max(failed, atLeastOne)} failed`;
    print(skipped.length > 0 ? `${line}, ${skipped.length} skipped` : line);
  }
}

/** Files that do not load and hooks that throw: their tests count as skipped, so each is one failure of its own. */
function failuresOutsideTests(modules: readonly TestModule[]): number {
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  return suites.filter((suite) => suite.errors().length > 0).length;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
