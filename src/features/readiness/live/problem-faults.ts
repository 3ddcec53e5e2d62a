import { type Answer, jsonOf } from '../target.ts';

const TELLING: readonly (readonly [string, RegExp])[] = [
  ['a stack', /\n\s+at .+:\d+:\d+|node:internal/],
  ['a path', /\/(?:home|app|usr|work|root|var)\/[\w./-]+\.(?:ts|js|sql)|node_modules/],
  ['SQL', /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.+\b(?:FROM|VALUES|SET|WHERE)\b|syntax error at or near/],
  ['the database', /relation "|SQLSTATE|pg_catalog|duplicate key value/],
];

/** What is wrong with an answer that is an error: its form (RFC 9457), its code, and what it must not tell. */
export function problemFaults(what: string, answer: Answer): string[] {
  const faults: string[] = [];
  const problem = jsonOf(answer);
  const type = String(answer.headers['content-type'] ?? '');
  if (!type.startsWith('application/problem+json')) faults.push(`${what} is no problem document but "${type}"`);
  if (!/^ERR_[A-Z]+_\d{3}$/.test(String(problem?.code))) faults.push(`${what} has the code "${String(problem?.code)}"`);
  if (typeof problem?.request_id !== 'string') faults.push(`${what} has no request_id`);
  if (problem?.status !== answer.status)
    faults.push(`${what} says status ${String(problem?.status)} in an answer of ${answer.status}`);
  return [...faults, ...tellingFaults(what, answer.text)];
}

export function tellingFaults(what: string, text: string): string[] {
  return TELLING.filter(([, form]) => form.test(text)).map(([told]) => `${what} tells ${told}`);
}
