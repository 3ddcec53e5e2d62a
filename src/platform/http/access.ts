import 'fastify';

/** Who may call a route. `public` needs no credential; every other needs one with at least this role. */
export type Access = 'public' | 'viewer' | 'member' | 'admin' | 'owner' | 'operator';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}
