import { type Code, closingOf, type Remark, reads } from './rule.ts';

/** Words of a statement that say a hash is for a password, or a random number for a secret. */
const OF_PASSWORDS = /passw(?:or)?d|passphrase|pwd/i;
const OF_HASHES = /sha|hash|digest|md5|scramble/i;
const OF_SECRETS = /token|secret|password|session_?id|nonce|otp|api_?key|csrf/i;
const NOT_SECRET = /token(?:s|_?(?:count|limit|index|type|length|izer))|tokens?_?per/i;

type Switch = { readonly texts: readonly string[]; readonly languages: RegExp };

/** Texts that turn off the check of who the other side is. */
const TLS_OFF: readonly Switch[] = [
  { texts: ['rejectUnauthorized', ':', 'false'], languages: /Script/ },
  { texts: ['NODE_TLS_REJECT_UNAUTHORIZED', '=', "'0'"], languages: /Script/ },
  { texts: ['NODE_TLS_REJECT_UNAUTHORIZED', '=', '"0"'], languages: /Script/ },
  { texts: ['verify', '=', 'False'], languages: /Python/ },
  { texts: ['verify_mode', '=', 'ssl', '.', 'CERT_NONE'], languages: /Python/ },
  { texts: ['_create_unverified_context'], languages: /Python/ },
  { texts: ['InsecureSkipVerify', ':', 'true'], languages: /Go/ },
  { texts: ['InsecureSkipVerify', '=', 'true'], languages: /Go/ },
  { texts: ['SSL', '::', 'VERIFY_NONE'], languages: /Ruby/ },
  { texts: ['CURLOPT_SSL_VERIFYPEER', ',', 'false'], languages: /PHP/ },
  { texts: ['danger_accept_invalid_certs', '(', 'true'], languages: /Rust/ },
  { texts: ['DangerousAcceptAnyServerCertificateValidator'], languages: /C#/ },
  { texts: ['NoopHostnameVerifier'], languages: /Java|Kotlin|Scala/ },
];

export function* tlsOff(code: Code): Iterable<Remark> {
  const switches = TLS_OFF.filter(({ languages }) => languages.test(code.language));
  for (const [at, { text, token }] of code.pieces.entries()) {
    const found = token.kind === 'word' && switches.find(({ texts }) => texts[0] === text && reads(code, at, texts));
    if (!found || (text === 'verify' && !isRequest(code, at))) continue;
    if (isCheckedOtherwise(code, at)) continue;
    const onWish = isOnWish(code, at);
    yield {
      rule: 'security/tls-check-off',
      severity: onWish ? 'low' : 'high',
      category: 'security',
      path: code.path,
      line: token.line,
      message: onWish
        ? 'A setting turns the check of the other side’s certificate off: with it anybody between can read and change what is sent.'
        : 'The certificate of the other side is not checked: anybody between can read and change what is sent.',
      evidence: null,
      fix: 'Leave the check on, and give the program the authority that signed the certificate.',
      verify: null,
    };
  }
}

/** Options that ask for it. */
const NAMED_SO = /insecure|skip.?(?:tls|verify)|no.?verify/i;

/** Whether it is one of two ways, by the words of its line and of the one before, or by a text that names an option. */
function isOnWish({ pieces }: Code, at: number): boolean {
  const line = pieces[at]?.token.line ?? 0;
  const near = pieces.slice(Math.max(0, at - 40), at + 20).filter(({ token }) => token.line === line);
  if (near.some(({ text }) => /^(?:\?|if|unless)$/.test(text))) return true;
  const above = pieces.slice(Math.max(0, at - 60), at).filter(({ token }) => token.line < line);
  const last = above.at(-1)?.token.line;
  return above.some(
    ({ text, token }) =>
      (token.line === last && /^(?:if|unless|else|elsif|elif|when|case)$/.test(text)) ||
      (token.kind === 'string' && token.line >= line - NEAR_LINES && NAMED_SO.test(text)),
  );
}

const OTHERWISE = /^(?:ClientAuth|VerifyPeerCertificate|VerifyConnection|requestCert)$/;
const NEAR_LINES = 12;

/** Whether the same settings are of a server, whose clients need no certificate, or name a check of one's own. */
function isCheckedOtherwise({ pieces }: Code, at: number): boolean {
  const line = pieces[at]?.token.line ?? 0;
  const near = pieces.slice(Math.max(0, at - 100), at + 100);
  return near.some(({ text, token }) => OTHERWISE.test(text) && Math.abs(token.line - line) <= NEAR_LINES);
}

/** `verify=False` is said to much else than a request. */
function isRequest({ pieces }: Code, at: number): boolean {
  const before = pieces.slice(Math.max(0, at - 60), at).map(({ text }) => text);
  return before.some((word) => /^(?:requests|httpx|session|client|aiohttp|http|urllib3)$/i.test(word));
}

const HASHES: Readonly<Record<string, RegExp>> = {
  createHash: /^['"`](?:md5|sha1|sha-1|md4)['"`]$/i,
  md5: /^/,
  sha1: /^/,
  MD5: /^/,
  SHA1: /^/,
  getInstance: /^["'](?:MD5|SHA-?1)["']$/i,
};

/** A quick hash of a password, by the words of the same statement. */
export function* weakHashes(code: Code): Iterable<Remark> {
  let last = 0;
  for (const [at, { text, token }] of code.pieces.entries()) {
    const expected = token.kind === 'word' && Object.hasOwn(HASHES, text) ? HASHES[text] : undefined;
    if (!expected || code.pieces[at + 1]?.text !== '(' || !expected.test(code.pieces[at + 2]?.text ?? '')) continue;
    if (token.line === last || !isOfPassword(code, at)) continue;
    last = token.line;
    yield {
      rule: 'security/weak-password-hash',
      severity: 'high',
      category: 'security',
      path: code.path,
      line: token.line,
      message:
        'A password is hashed by a quick function: billions of guesses a second can be tried against a stolen hash.',
      evidence: null,
      fix: 'Use Argon2id, scrypt or bcrypt.',
      verify: null,
    };
  }
}

/** By the words around it. What is a hash already is no password, nor is what is put together for a server's challenge. */
function isOfPassword(code: Code, at: number): boolean {
  const line = code.pieces[at]?.token.line ?? 0;
  const close = Math.max(closingOf(code, at + 1), at);
  const named = (from: number, to: number) =>
    code.pieces
      .slice(Math.max(0, from), to)
      .filter(({ token }) => token.kind === 'word' && Math.abs(token.line - line) <= 1)
      .some(({ text }) => OF_PASSWORDS.test(text) && !OF_HASHES.test(text));
  return named(at + 2, close + 8) || named(at - 12, at);
}

/** `const token = Math.random()…`: what is to be secret from a generator that can be foreseen. */
export function* guessableSecrets(code: Code): Iterable<Remark> {
  for (const [at, { token }] of code.pieces.entries()) {
    if (!isForeseeable(code, at)) continue;
    const before = code.pieces.slice(Math.max(0, at - 10), at).filter((piece) => piece.token.line === token.line);
    const assigned = before.findLastIndex((piece) => piece.text === '=' || piece.text === ':');
    const name = before[assigned - 1]?.text ?? '';
    if (assigned < 1 || !OF_SECRETS.test(name) || NOT_SECRET.test(name)) continue;
    yield {
      rule: 'security/guessable-secret',
      severity: 'medium',
      category: 'security',
      path: code.path,
      line: token.line,
      message: `\`${name.slice(0, 80)}\` comes from a generator whose next numbers can be worked out.`,
      evidence: null,
      fix:
        code.language === 'Python' ? 'Use the module `secrets`.' : 'Use `crypto.randomBytes` or `crypto.randomUUID`.',
      verify: null,
    };
  }
}

function isForeseeable(code: Code, at: number): boolean {
  if (code.pieces[at - 1]?.text === '.') return false;
  if (/Script/.test(code.language)) return reads(code, at, ['Math', '.', 'random', '(']);
  const drawn = /^(?:random|randint|choice|choices|getrandbits)$/.test(code.pieces[at + 2]?.text ?? '');
  return code.language === 'Python' && drawn && reads(code, at, ['random', '.']);
}
