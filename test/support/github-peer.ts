import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Email = { email: string; primary: boolean; verified: boolean };

export type GithubPeer = AsyncDisposable & {
  baseUrl: string;
  user: { id: number; login: string; name: string | null };
  emails: Email[];
  /** Lets the user agree to what an address asks for, and returns where it leads back to. */
  agree(authorizationUrl: string): URL;
};

/** Answers as GitHub Enterprise does: OAuth 2 with PKCE and without OpenID Connect, and the two API calls about who it is. */
export async function openGithubPeer(client: { id: string; secret: string }): Promise<GithubPeer> {
  const codes = new Map<string, { challenge: string; redirectUri: string }>();
  const tokens = new Set<string>();
  const peer = {
    user: { id: 4711, login: 'ann', name: 'Ann Example' } as GithubPeer['user'],
    emails: [] as Email[],
  };
  const token = (form: URLSearchParams): object => {
    const code = form.get('code') ?? '';
    const granted = codes.get(code);
    codes.delete(code);
    const proven = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isClient = form.get('client_id') === client.id && form.get('client_secret') === client.secret;
    if (!granted || !isClient || proven !== granted.challenge || form.get('redirect_uri') !== granted.redirectUri) {
      return { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
    }
    const access_token = `gho_${randomBytes(12).toString('hex')}`;
    tokens.add(access_token);
    return { access_token, token_type: 'bearer', scope: 'read:user,user:email' };
  };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
    };
    if (request.url === '/login/oauth/access_token')
      return answer(200, token(new URLSearchParams(await textOf(request))));
    if (!tokens.has(request.headers.authorization?.replace('Bearer ', '') ?? '')) return answer(401, {});
    if (request.url === '/api/v3/user') return answer(200, peer.user);
    if (request.url === '/api/v3/user/emails') return answer(200, peer.emails);
    return answer(404, {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(peer, {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    agree: (authorizationUrl: string) => {
      const asked = new URL(authorizationUrl).searchParams;
      const code = randomBytes(10).toString('hex');
      const redirectUri = asked.get('redirect_uri') ?? '';
      codes.set(code, { challenge: asked.get('code_challenge') ?? '', redirectUri });
      const back = new URL(redirectUri);
      back.search = new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString();
      return back;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
}
