import { type Static, Type } from 'typebox';
import { words } from '../../../platform/http/schema.ts';
import type { App } from '../../../platform/http/server.ts';
import { closed, nullable, nullableInput, Time } from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { listPublicKeys, rotateSigningKey } from './signing-key.service.ts';

const tags = ['signing-keys'];
const Jwks = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) }, closed);
const Key = Type.Object(
  {
    kid: Type.String(),
    algorithm: words(['EdDSA', 'ES256', 'HS256']),
    created_at: Time,
    retires_at: nullable(Time),
  },
  closed,
);
const KeyList = Type.Object({ data: Type.Array(Key), next_cursor: Type.Null() }, closed);
const RotateBody = nullableInput(
  Type.Object(
    {
      overlap_minutes: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 10_080,
          description:
            'How long older keys are believed; without it as long as a token lives. 0 for a key that got out.',
        }),
      ),
    },
    closed,
  ),
);

/** The keys that sign access tokens. */
export function signingKeyRoutes(app: App, identity: Identity): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'Public keys by which others verify our access tokens (RFC 7517)',
        description: 'Empty where tokens are signed with SECRET_KEY.',
        security: [],
        response: { 200: Jwks },
      },
    },
    async (_request, reply) => {
      const keys = await listPublicKeys(identity);
      reply.header('cache-control', 'public, max-age=60');
      return { keys: keys.map(({ kid, algorithm: alg, jwk }) => ({ ...jwk, kid, alg, use: 'sig' })) };
    },
  );

  app.get(
    '/v1/admin/signing-keys',
    { config: { access: 'operator' }, schema: { tags, summary: 'Keys in use', response: { 200: KeyList } } },
    async () => presentKeys(await listPublicKeys(identity)),
  );

  app.post(
    '/v1/admin/signing-keys/rotate',
    {
      config: { access: 'operator' },
      schema: { tags, summary: 'Sign with another key from now on', body: RotateBody, response: { 200: KeyList } },
    },
    async ({ principal, body }) => {
      await rotateSigningKey(identity, principal, body?.overlap_minutes);
      return presentKeys(await listPublicKeys(identity));
    },
  );
}

function presentKeys(keys: Awaited<ReturnType<typeof listPublicKeys>>): Static<typeof KeyList> {
  const data = keys.map(({ kid, algorithm, createdAt, retiresAt }) => ({
    kid,
    algorithm,
    created_at: createdAt.toISOString(),
    retires_at: retiresAt?.toISOString() ?? null,
  }));
  return { data, next_cursor: null };
}
