import type { CodeFile, Severity } from '../../analysis.ts';
import type { Remark } from './rule.ts';

type Form = { readonly rule: string; readonly name: string; readonly pattern: RegExp; readonly severity: Severity };

/** Secrets whose issuers gave them a form of their own: a match is one, whatever stands around it. */
const FORMS: readonly Form[] = [
  {
    rule: 'secrets/private-key',
    name: 'a private key',
    severity: 'critical',
    pattern:
      /-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP |ENCRYPTED )?PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)+[A-Za-z0-9+/=:,\- \\]{40}/g,
  },
  {
    rule: 'secrets/aws-key',
    name: 'an access key of AWS',
    severity: 'critical',
    pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
  },
  {
    rule: 'secrets/github-token',
    name: 'a token of GitHub',
    severity: 'critical',
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b/g,
  },
  {
    rule: 'secrets/gitlab-token',
    name: 'a token of GitLab',
    severity: 'critical',
    pattern: /\bglpat-[A-Za-z0-9_-]{20}\b/g,
  },
  {
    rule: 'secrets/slack-token',
    name: 'a token of Slack',
    severity: 'critical',
    pattern: /\bxox[baprs]-\d{8,14}-[A-Za-z0-9-]{20,80}/g,
  },
  {
    rule: 'secrets/stripe-key',
    name: 'a live key of Stripe',
    severity: 'critical',
    pattern: /\b[rs]k_live_[A-Za-z0-9]{24,99}\b/g,
  },
  { rule: 'secrets/google-key', name: 'a key of Google', severity: 'high', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g },
  {
    rule: 'secrets/openai-key',
    name: 'a key of a model provider',
    severity: 'critical',
    pattern: /\bsk-(?:proj-|ant-api\d\d-|svcacct-)[A-Za-z0-9_-]{40,200}/g,
  },
  { rule: 'secrets/npm-token', name: 'a token of npm', severity: 'critical', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  {
    rule: 'secrets/password-in-url',
    name: 'a password in an address',
    severity: 'high',
    pattern:
      /\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?|https?):\/\/[\w.%-]{1,64}:([^\s@:/"'`<>{}$()*|%]{6,100})@([\w.-]{1,253})/g,
  },
  {
    rule: 'secrets/assigned',
    name: 'a secret',
    severity: 'high',
    pattern:
      /\b[\w-]{0,40}(?:api_?key|secret|passw(?:or)?d|auth_?token|access_?token|private_?key|client_?secret)["']?\s{0,4}(?::|=|=>|:=)\s{0,4}["']([^"'\s${}<>()]{12,200})["']/gi,
  },
];

/** A file with more is a list of them. */
const MOST_OF_A_FILE = 20;
/** Names of hosts where a password is nobody's secret. */
const LOCAL =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|db|database|postgres|redis|mysql|mongo|rabbitmq|host|[\w-]+\.(?:example|test|invalid|local)|(?:www\.)?example\.(?:com|org|net))$/i;
const PLACEHOLDER =
  /example|sample|dummy|changeme|change[-_]me|placeholder|your[-_]?|xxxx|test|fake|mock|secret|passw|todo|insert|replace|default|abcdef|123456|foobar|redacted|\*{3}|\.{3}|none|null|undefined|invalid|localhost|process\.env|getenv/i;
const NEAR_EXAMPLE = /example|placeholder|EXAMPLE/;

/** Texts that hold a secret: any file may, whatever its language; secrets in tests are told apart by who calls. */
export function* secretsIn({ path, text }: CodeFile): Iterable<Remark> {
  for (const form of FORMS) {
    const found = text.matchAll(form.pattern).filter((match) => isSecret(form, match));
    for (const match of found.take(MOST_OF_A_FILE)) yield remark(form, path, text, match);
  }
}

const KEY_BEGINS = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** What a key's body is made of, where its end is not at hand. */
const KEY_BODY = /[A-Za-z0-9+/=:,\-\\\s]*/y;
const LONGEST_KEY = 16_000;

/** The text with `***` in place of what has the form of a secret, real or not; its lines stay where they are. */
export function withoutSecrets(text: string): string {
  return FORMS.reduce(
    (masked, { pattern }) =>
      masked.replace(pattern, (whole: string, value: unknown) =>
        typeof value === 'string' ? whole.replaceAll(value, '***') : '***',
      ),
    withoutKeys(text),
  );
}

/** The whole bodies of private keys are taken out, line by line. Goes over the text once. */
function withoutKeys(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  let close = 0;
  for (const begin of text.matchAll(KEY_BEGINS)) {
    const start = begin.index + begin[0].length;
    if (start < kept) continue;
    if (close !== -1 && close < start) close = text.indexOf('-----END', start);
    KEY_BODY.lastIndex = start;
    const end = close !== -1 && close - start <= LONGEST_KEY ? close : start + (KEY_BODY.exec(text)?.[0].length ?? 0);
    parts.push(text.slice(kept, start), text.slice(start, end).replace(/\S[^\n]*/g, '***'));
    kept = end;
  }
  return parts.join('') + text.slice(kept);
}

function isSecret({ rule }: Form, found: RegExpExecArray): boolean {
  if (NEAR_EXAMPLE.test(found[0])) return false;
  if (rule === 'secrets/password-in-url') {
    return !PLACEHOLDER.test(found[1] ?? '') && !LOCAL.test(found[2] ?? '') && bitsOf(found[1] ?? '') > 1.5;
  }
  if (rule !== 'secrets/assigned') return bitsOf(found[0].slice(-16)) > 2.5;
  const value = found[1] ?? '';
  // Words, paths, addresses and names of settings have no digits among letters in three kinds.
  const mixed = /[a-z]/i.test(value) && /\d/.test(value) && !/[\s/\\.:,;]/.test(value.replace(/[=]+$/, ''));
  return mixed && !PLACEHOLDER.test(value) && bitsOf(value) > 3.2;
}

/** Shannon's entropy of a text's characters, in bits. */
export function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

function remark({ rule, name, severity }: Form, path: string, text: string, found: RegExpExecArray): Remark {
  const start = found.index;
  const line = text.slice(0, start).split('\n').length;
  return {
    rule,
    severity,
    category: 'security',
    path,
    line,
    message: `The code holds ${name}: whoever reads the code, or ever could, has it.`,
    evidence: mask(found[0], found[1]),
    fix: 'Revoke it, then read the new one from the environment or a store of secrets. History keeps it: removing the line is not enough.',
    verify: null,
  };
}

/** The first characters say what it is; nothing of what makes it a secret is kept. */
function mask(whole: string, value: string | undefined): string {
  const first = whole.split('\n')[0] ?? '';
  if (value !== undefined) return `${first.slice(0, first.indexOf(value))}***`;
  return `${first.startsWith('-----') ? first.split('-----', 2).join('-----') : first.slice(0, 4)}***`;
}
