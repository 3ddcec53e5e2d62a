import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../features/identity/index.ts';
import type { Idempotency } from '../features/tenancy/index.ts';
import { requestErrors } from '../platform/http/errors.ts';
import type { App } from '../platform/http/server.ts';

/** Visible ASCII, as a header can hold it; clients send a UUID. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Gives requests with an `Idempotency-Key` the `once` that keeps its word over repeats, processes and restarts. */
export function repeatRequests(app: App, idempotency: Idempotency): void {
  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (key === undefined || !request.principal) return;
    request.once = (work, said) => once({ idempotency, request, reply, key: readKey(String(key)), said }, work);
  });
}

type Repeating = {
  idempotency: Idempotency;
  request: FastifyRequest;
  reply: FastifyReply;
  key: string;
  said: string | undefined;
};

async function once<Result>(
  { idempotency, request, reply, key, said }: Repeating,
  work: () => Promise<Result>,
): Promise<Result> {
  const { principal, signal } = request;
  const { tenant } = principal;
  const claim = { tenant, subject: subjectOf(principal), key, fingerprint: fingerprintOf(request, said), signal };
  const { result, repeated } = await idempotency.once(claim, work);
  if (repeated) reply.header('idempotency-replayed', 'true');
  return result;
}

/** Two services with keys of one user may count from the same number. */
function subjectOf({ apiKeyId, userId }: Principal): string {
  return apiKeyId === null ? `user:${userId}` : `key:${apiKeyId}`;
}

function fingerprintOf({ method, url, body }: FastifyRequest, said = JSON.stringify(body ?? null)): string {
  return createHash('sha256').update(`${method} ${url}\n${said}`).digest('base64url');
}

function readKey(key: string): string {
  if (KEY.test(key)) return key;
  const message = 'must have 1 to 255 visible ASCII characters, such as a UUID';
  throw requestErrors.invalid(`Idempotency-Key ${message}`, { fields: [{ field: 'Idempotency-Key', message }] });
}
