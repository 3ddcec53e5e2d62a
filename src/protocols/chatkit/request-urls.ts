import type { FastifyRequest } from 'fastify';
import type { ChatkitDependencies } from './dependencies.ts';
import type { PreviewUrl } from './items/user-item.ts';

/** Addresses of this server as the client reached it: ChatKit wants them whole. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

export function previewUrlFor({ previews }: ChatkitDependencies, request: FastifyRequest): PreviewUrl {
  const { tenant } = request.principal;
  return (attachmentId) => `${originOf(request)}/v1/chatkit/previews/${previews.seal(tenant, attachmentId)}`;
}
