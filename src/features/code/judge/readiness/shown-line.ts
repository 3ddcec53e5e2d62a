import { withoutSecrets } from '../rules/secrets.ts';

const LONGEST = 200;
/** Control characters, and those that turn the direction of what follows or are not seen at all. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const SECRETS: readonly RegExp[] = [
  /((?:passw(?:or)?d|passwd|secret|token|api_?key|private_?key|credential)\w{0,40}["']?\s{0,4}(?::|=|\?\?|\|\||,)\s{0,4}(["'`]))(?:\\.|(?!\2)[^\\\n]){3,2000}/gi,
  /(^\s{0,40}[-\w.]{0,60}(?:password|passwd|secret|token|api_?key)[-\w.]{0,40}\s{0,4}[:=]\s{0,4})([^\s"'${}#(]{3,2000})(?=\s{0,40}(?:$|#))/gi,
  /(:\/\/[^:/\s"'@]{0,80}:)([^@/\s"']{1,2000})(?=@)/g,
  /()(\b(?:A[KS]IA|AIza|sk-|[rs]k_live_|gh[pousr]_|github_pat_|xox[abprs]-|glpat-|eyJ)[\w.-]{12,2000})/g,
];

/** A line of a code base as it may be shown: in one line, of bounded length, without what looks like a credential. */
export function shownLine(line: string): string {
  const seen = line.slice(0, 2_000).replace(UNSEEN, ' ').trim();
  const masked = SECRETS.reduce(
    (text, form) => text.replace(form, (_, before: string) => `${before}***`),
    withoutSecrets(seen),
  );
  return masked.length > LONGEST ? `${masked.slice(0, LONGEST - 1)}…` : masked;
}
