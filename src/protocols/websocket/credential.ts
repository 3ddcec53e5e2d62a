import type { FastifyRequest } from 'fastify';

/** The subprotocol of the chat. A client that offers its token by a second one must offer this one, too. */
export const CHAT_PROTOCOL = 'parley.chat.v1';
/** That of live memory. */
export const MEMORY_PROTOCOL = 'parley.memory.v1';
const TOKEN_PROTOCOL = 'bearer.';

/** A token that came as `?token=`, or as the subprotocol `bearer.<token>`: browsers can't set headers of a WebSocket. */
export function tokenOf({ query, headers }: FastifyRequest): string | undefined {
  const { token } = query as { token?: unknown };
  if (typeof token === 'string' && token !== '') return token;
  return headers['sec-websocket-protocol']
    ?.split(',')
    .map((offered) => offered.trim())
    .find((offered) => offered.startsWith(TOKEN_PROTOCOL))
    ?.slice(TOKEN_PROTOCOL.length);
}

/** The credential that a request was let in with, to look at again later. */
export function credentialOf(request: FastifyRequest): string {
  const { authorization = '', 'x-api-key': key = '' } = request.headers;
  return tokenOf(request) ?? (/^Bearer +([^\s]+) *$/i.exec(authorization)?.[1] || String(key));
}
