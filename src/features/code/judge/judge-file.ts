import { type CodeFile, SEVERITIES, type Severity } from '../analysis.ts';
import type { MeasuredFile } from '../measure/measure-file.ts';
import type { FileRole } from '../measure/metrics.ts';
import { roleOf } from '../measure/roles.ts';
import { guessableSecrets, tlsOff, weakHashes } from './rules/crypto.ts';
import { dangerousCalls } from './rules/dangerous-calls.ts';
import { debugLeftovers, todoDensity } from './rules/leftovers.ts';
import { codeOf, type FileRule, type Remark } from './rules/rule.ts';
import { secretsIn } from './rules/secrets.ts';
import { sizes } from './rules/size.ts';
import { sqlText } from './rules/sql-text.ts';
import { swallowedErrors } from './rules/swallowed-errors.ts';

const SECURITY: readonly FileRule[] = [dangerousCalls, sqlText, tlsOff, weakHashes, guessableSecrets];
const QUALITY: readonly FileRule[] = [swallowedErrors, debugLeftovers, todoDensity, sizes];

/**
 * What is asked about a file, by its role. Product code: everything. Examples and scripts: what is dangerous, a step milder.
 * Tests: nothing, since they do on purpose what programs must not. Vendored and generated code: nothing, nobody edits it.
 */
const RULES: Readonly<Record<FileRole, readonly FileRule[]>> = {
  product: [...SECURITY, ...QUALITY],
  example: SECURITY,
  test: [],
  vendored: [],
  generated: [],
};

/** Secrets by their issuers' forms, which tests have no reason to hold either; keys and passwords in tests are made up. */
const SECRETS_IN_TESTS = /^secrets\/(?:github-token|gitlab-token|slack-token|stripe-key|openai-key|npm-token)$/;

/** What examples and documents show is made up, unless its issuer's form says otherwise. */
const MADE_UP = /^secrets\/(?:private-key|assigned|password-in-url)$/;

/** Judges a file whose language is known, but for its secrets. */
export function judgeFile(measured: MeasuredFile): Remark[] {
  const { role } = measured.metrics;
  const rules = RULES[role];
  if (rules.length === 0 || !measured.language.program) return [];
  const code = codeOf(measured);
  const remarks = rules.flatMap((rule) => [...rule(code)]);
  return role === 'example' ? remarks.map(milder) : remarks;
}

/** Looks for secrets in any file. */
export function judgeSecrets(file: CodeFile): Remark[] {
  const role = roleOf(file.path, file.text);
  if (role === 'vendored' || isLock(file.path)) return [];
  const found = [...secretsIn(file)];
  if (role === 'test') return found.filter(({ rule }) => SECRETS_IN_TESTS.test(rule)).map(milder);
  if (role === 'product' && !isDocument(file.path)) return found;
  return found.map((remark) => (MADE_UP.test(remark.rule) ? { ...remark, severity: 'low' } : milder(remark)));
}

function isLock(path: string): boolean {
  return /(^|\/)[\w.-]*lock[\w.-]*$|\.(lock|sum|map)$/i.test(path);
}

function isDocument(path: string): boolean {
  return /\.(md|mdx|rst|txt|adoc|html?|[1-8])$/i.test(path);
}

function milder(remark: Remark): Remark {
  const severity: Severity = SEVERITIES[SEVERITIES.indexOf(remark.severity) + 1] ?? 'low';
  return { ...remark, severity };
}
