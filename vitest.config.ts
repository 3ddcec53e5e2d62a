import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';

// What the tests' processes compile of the packages is kept for those that come after: there is one for each file. Not where
// lines are counted, which such code tells less exactly.
if (!process.argv.includes('--coverage')) {
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'tests');
}

/** Tests of what needs neither a database nor a program. They share a process: one of its own costs each more than it does. */
const PURE = [
  'src/{lib,ai}/**/*.test.ts',
  'src/protocols/{ai-sdk,chatkit,openai}/**/*.test.ts',
  'src/platform/{cache,resilience,text,secrets,http}/**/*.test.ts',
  'src/features/code/{measure,judge}/**/*.test.ts',
  'console/**/*.test.{ts,tsx}',
];

/** Tests of what belongs to a whole process, which each has for itself: its threads and memory, what is declared or replaced
 * once in it, and programs started beside it. */
const APART = [
  'src/platform/database/embedded/**/*.test.ts',
  'src/features/documents/folder/ingest-folder.test.ts',
  'src/features/tenancy/settings/tenant-settings.test.ts',
  'test/{support,deploy}/**/*.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: ['test/support/databases/global-setup.ts'],
    reporters: ['default', new ClosingLineReporter()],
    // `npm run coverage`: which lines the tests reach, without what they start as a process of its own. Outside of `npm test`,
    // since it costs as much time again.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Stand-ins that only tests use are no product.
      exclude: ['**/*.test.ts', '**/fake*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      // What the predecessors' documents ask for: of everything, and of what speaks to the providers of models.
      thresholds: {
        ...{ lines: 70, statements: 70, functions: 70, branches: 70 },
        'src/ai/openai-compatible/*.ts': { 100: true },
      },
    },
    pool: 'forks',
    // Tests open hundreds of embedded databases for a moment each. Without this V8 spends seconds and 600 MB on optimising
    // each one's WebAssembly in the background, and has crashed when such a thread ended in the middle of it.
    execArgv: ['--liftoff-only'],
    maxWorkers: 2,
    // On a machine shared with others a browser or a child process is late now and then; a fault fails three times.
    retry: process.env.TRY_AGAIN ? 1 : process.env.CI ? 2 : 0,
    setupFiles: process.env.TRY_AGAIN ? ['test/support/fail-first-tries.ts'] : [],
    // Bounds on hanging, not on speed: a machine of CI may be several times slower than a developer's.
    testTimeout: process.env.CI ? 120_000 : 30_000,
    hookTimeout: process.env.CI ? 240_000 : 60_000,
    // A second, as is usual, is no bound for a machine that is busy with other suites.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        // Everything that needs no running program, with the next two; what `npm run check` runs. Its files share processes,
        // since to start one and to load the program into it costs more than most of them do.
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          exclude: [...configDefaults.exclude, ...PURE, ...APART],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'unit-apart', include: APART },
      },
      {
        extends: true,
        test: { name: 'unit-pure', include: PURE, isolate: false },
      },
      {
        // The program as its users meet it: journeys over HTTP, the examples, the benchmarks' own checks.
        extends: true,
        test: {
          name: 'journeys',
          include: ['test/acceptance/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
        },
      },
    ],
  },
});
