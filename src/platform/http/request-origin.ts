import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where a request came from, for logs that people read: the whole address, unlike `callerAddress`. */
export function originOf({ ip, id, socket }: FastifyRequest): { address: string | null; requestId: string } {
  const address = [ip, socket.remoteAddress ?? ''].find((candidate) => isIP(candidate.split('%', 1)[0] ?? '') !== 0);
  return { address: address ?? null, requestId: id };
}
