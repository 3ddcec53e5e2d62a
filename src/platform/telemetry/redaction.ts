/** What never reaches a log, a trace or a report of an error: by the name it stands under, by its form, and by its value. */

const REDACTED = '[redacted]';

/** Names whose values are secret, wherever they stand: `access_token`, `X-Api-Key`, `newPassword`, `set-cookie`, … */
const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)?|secret|token|authorization|cookie|api[-_]?key|access[-_]?key|private[-_]?key|secret[-_]?key|encryption[-_]?keys?|credentials?|dsn|signature)$|^(?:key|pwd|otp|bearer)$/i;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Credentials by their form: of Parley, of providers, of clouds. */
const FORMS = [
  /\b(?:Bearer|Basic|Digest|Negotiate)\s+[\w.~+/=-]{6,}/gi,
  // OpenAI, OpenRouter, Anthropic, Parley's own, Stripe: letters, a hyphen or underscore, many more.
  /\b(?:sk|pk|rk|prt|pot|pvt|ak|whsec)[-_][\w-]{12,}/g,
  // Groq, xAI, Hugging Face, GitHub, GitLab, Slack, npm, Perplexity, Replicate, DigitalOcean, Tavily, Langfuse.
  /\b(?:gsk|xai|hf|gh[oprsu]|github_pat|glpat|xox[abeoprs]|npm|pplx|r8|dop_v1|tvly)[-_][\w-]{10,}/g,
  /\bAIza[\w-]{30,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bya29\.[\w.-]{20,}/g,
  // JSON Web Tokens. A head without end would be looked through from each of its beginnings.
  /\beyJ[\w-]{6,1000}\.[\w-]+(?:\.[\w-]*)?/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // What stands before the host of an address: user and password, or the key of a Sentry DSN.
  /(?<=\b[a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"'<>]{1,512}(?=@)/gi,
] as const;

/** `password=…`, `"api_key": "…"`, `token: …`, `?access_token=…`, `Cookie: a=b; c=d`: a name, and what it is set to. */
const COOKIES = /\b((?:set-)?cookie\\?["']?\s*[:=]\s*)(?!\[redacted\])[^\r\n"'\\]+/gi;
const PAIRS =
  /(?<![\w-])((?:[\w-]*[-_])?(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?|dsn|signature|x-amz-signature|sig|apikey|[a-z]+(?:Password|Token|Secret|ApiKey)))(\\?["']?\s*(?::|=|%3D)\s*\\?["']?)(?!\[redacted\]|\$\d)((?:Bearer |Basic )?[^\s&;,"'\\<>()[\]{}]+)/gi;

/** What comes back from a login at a provider, and signed addresses. */
const QUERY = /([?&](?:code|state|key|sig)=)[^&#\s"'\\<>]+/gi;

export type Redactor = {
  /** The text without what is secret in it. */
  text(text: string): string;
  /** The same value without secrets: a copy where anything had to go, cut where it is deeper than six levels. */
  value(value: unknown): unknown;
};

/** What is longer is cut before it is looked through: a line of the log need not hold a whole body, and must not hold up the
 * process. Characters. */
const LONGEST = 64 * 1024;
/** Shorter ones would take words out of the log that are no secrets. */
const SHORTEST = 8;
const DEEPEST = 6;

/** @param secrets values that are known to be secret: those of the settings */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = [...new Set(secrets.flatMap(formsOf))].filter(({ length }) => length >= SHORTEST);
  // The longest first: one may be a part of another.
  const exact = known.length === 0 ? null : new RegExp(known.sort(byLength).map(RegExp.escape).join('|'), 'g');

  function text(given: string): string {
    if (given.length < 6) return given;
    let clean = exact ? given.replace(exact, REDACTED) : given;
    if (clean.length > LONGEST) clean = `${clean.slice(0, LONGEST)}… (${clean.length} characters)`;
    for (const form of FORMS) clean = clean.replace(form, REDACTED);
    return clean.replace(COOKIES, `$1${REDACTED}`).replace(PAIRS, `$1$2${REDACTED}`).replace(QUERY, `$1${REDACTED}`);
  }

  function value(given: unknown, depth = 0): unknown {
    if (typeof given === 'string') return text(given);
    if (typeof given !== 'object' || given === null || given instanceof Date) return given;
    if (given instanceof Error) return { type: given.name, message: text(given.message) };
    if (ArrayBuffer.isView(given)) return '[bytes]';
    if (depth >= DEEPEST) return '[deeper]';
    if (Array.isArray(given)) return given.map((one) => value(one, depth + 1));
    const entries = given instanceof Map ? [...given] : Object.entries(given);
    return Object.fromEntries(entries.map(([name, one]) => [name, field(String(name), one, depth)]));
  }

  function field(name: string, one: unknown, depth: number): unknown {
    // The log has a serializer of its own for it.
    if (depth === 0 && name === 'err') return one;
    const isHidden = isSecretName(name) && one !== null && one !== undefined && typeof one !== 'boolean';
    return isHidden ? REDACTED : value(one, depth + 1);
  }

  return { text, value: (given) => value(given) };
}

/** A secret as it may come back: as it is, in an address, in base64; of an address only what stands before its host. */
function formsOf(secret: string): string[] {
  const plain = URL.canParse(secret) ? credentialsOf(new URL(secret)) : [secret];
  return plain.flatMap((one) => {
    const base64 = Buffer.from(one).toString('base64');
    return [one, encodeURIComponent(one), base64, base64.replace(/=+$/, '')];
  });
}

function credentialsOf({ username, password, searchParams }: URL): string[] {
  const named = [...searchParams].filter(([name]) => isSecretName(name)).map(([, value]) => value);
  return [password, decoded(password), ...(password === '' ? [username] : []), ...named];
}

/** A percent sign that nobody has encoded is one; whoever opens the address says what is wrong with it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function byLength(a: string, b: string): number {
  return b.length - a.length;
}
