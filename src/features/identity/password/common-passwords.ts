/** Names that everybody who attacks a Parley tries first. */
const OWN = /^(parley)+[\d\W_]*$/;

let known: Promise<ReadonlySet<string>> | undefined;

/**
 * Whether a password is among some 18,000 of 8 characters and more that are tried first: from breaches, whatever the case of
 * their letters, or this program's own name (OWASP ASVS 5, 6.2.4, 6.2.11, 6.2.12).
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  known ??= load();
  const lower = password.toLowerCase();
  return OWN.test(lower) || (await known).has(lower);
}

/** Loaded with the first password that is set: the list takes a quarter of a second and some megabytes. */
async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((password) => password.length >= 8));
}
