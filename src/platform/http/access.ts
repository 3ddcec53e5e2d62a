import 'fastify';

/** Who may call a route. `public` needs no credential; every other needs one with at least this role. */
export type Access = 'public' | 'viewer' | 'member' | 'admin' | 'owner' | 'operator';

/** What a route's requests are counted under besides the limits that all have; `none`: not even under those. */
export type RouteLimit = 'login' | 'register' | 'run' | 'remember' | 'none';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    limit?: RouteLimit;
    /** Where else than in the headers a request may have its token: for clients that cannot set any. */
    token?(request: FastifyRequest): string | undefined;
  }
}
