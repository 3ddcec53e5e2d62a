export type Environment = Readonly<Record<string, string | undefined>>;
/** `path` and `field` of `vault://path#field`. */
export type SecretReference = { path: string; field: string | null };
/** Reads one secret. Throws with the reason, which never holds a secret. */
export type SecretSource = (reference: SecretReference, environment: Environment) => Promise<string>;

/** The field of a secret that is a JSON object; without a field the whole text, or the only field. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, field: string | null): string {
  const names = Object.keys(fields);
  const wanted = field ?? (names.length === 1 ? names[0] : undefined);
  if (wanted === undefined) throw new Error(`it has ${names.length} fields; name one behind #`);
  const value = fields[wanted];
  if (typeof value !== 'string' || value === '') throw new Error(`it has no field "${wanted}" with a text`);
  return value;
}
