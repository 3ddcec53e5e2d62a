import { type Environment, fieldOf, type SecretReference } from './secret-reference.ts';

/**
 * One secret from AWS Secrets Manager. `path` is its name or ARN. Region and credentials are found as everywhere with AWS:
 * `AWS_REGION`, keys in the environment, a role of the container, the Pod or the machine.
 */
export async function readAwsSecret({ path, field }: SecretReference, environment: Environment): Promise<string> {
  // Loaded only where it is used: it takes 10 MB and a fifth of a second.
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? regionOf(path);
  const client = new SecretsManagerClient({ maxAttempts: 3, ...(region && { region }) });
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: path }));
    if (text === undefined) throw new Error('it holds bytes, not text');
    return field === null ? text.trim() : fieldOf(fieldsIn(text), field);
  } finally {
    client.destroy();
  }
}

/** arn:aws:secretsmanager:<region>:<account>:secret:<name> */
function regionOf(path: string): string | undefined {
  return path.startsWith('arn:') ? path.split(':')[3] : undefined;
}

function fieldsIn(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // The same fault as JSON that is no object.
  }
  throw new Error('it is no JSON object, so it has no fields: leave out the part behind #');
}
