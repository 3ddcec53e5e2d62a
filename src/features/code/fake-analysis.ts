import type { Analysis, CodeBase, Finding } from './analysis.ts';

/** An engine that finds each line with "todo", so that a test says what it finds. */
export function findTodos(code: CodeBase): Analysis {
  const findings = code.files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index): Finding[] => (line.includes('todo') ? [todo(path, index + 1, line)] : [])),
  );
  const value = 100 - findings.length;
  const score = {
    name: 'overall',
    value,
    grade: 'A',
    formula: '100 - findings',
    inputs: { findings: findings.length },
  };
  return {
    engine: 'test',
    metrics: {},
    architecture: {},
    readiness: {},
    scores: [score],
    findings,
  } as unknown as Analysis;
}

function todo(path: string, line: number, evidence: string): Finding {
  const texts = { message: 'Something is left to do.', evidence, fix: 'Do it.', verify: null };
  const kind = { rule: 'code/todo', severity: 'low', category: 'maintainability' } as const;
  return { ...kind, path, line, ...texts, fingerprint: `${path} ${evidence}` };
}
