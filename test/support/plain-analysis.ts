import type { Analysis } from '../../src/features/code/index.ts';

const none = { files: 0, bytes: 0, lines: 0, codeLines: 0, commentLines: 0, blankLines: 0, functions: 0, classes: 0 };

/** What was found of a repository without a file. */
export const PLAIN_RESULT: Omit<Analysis, 'findings'> = {
  engine: '1',
  metrics: {
    totals: none,
    languages: [],
    files: [],
    functions: null,
    duplication: { percent: 0, duplicatedLines: 0, pairs: [] },
    dependencies: { declared: [], manifests: [] },
    imports: { files: 0, edges: 0, unresolved: 0, filesInCycles: 0, cycles: [], mostImported: [] },
    history: null,
    failed: [],
    failedLeftOut: 0,
    findingsLeftOut: {},
  },
  architecture: { languages: [], projects: [], frameworks: [], patterns: [], modules: [], arrows: [] },
  scores: [],
  readiness: {
    verdict: 'NO-GO',
    rule: '',
    reasons: [],
    profile: [],
    scores: [],
    overall: null,
    formula: '',
    criteria: [],
  },
};
