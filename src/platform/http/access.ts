import 'fastify';

/** Who may call a route. `public` needs no credential; every other needs one with at least this role. */
export type Access = 'public' | 'viewer' | 'member' | 'admin' | 'owner' | 'operator';

/** What a route's requests are counted under besides the limits that all have; `none`: not even under those. Under
 * `chatkit` each route is counted by itself; `chatkit-run` counts as a run as well. */
export type RouteLimit =
  | 'login'
  | 'register'
  | 'visitor'
  | 'session'
  | 'run'
  | 'remember'
  | 'chatkit'
  | 'chatkit-run'
  | 'none';

/** A route as the server has it: what the leak matrix is made of. */
export type RouteEntry = {
  method: string;
  /** The pattern: `/v1/sessions/:id`. */
  url: string;
  access: Access;
  /** Whether visitors without an account may call it, too. */
  visitors: boolean;
  operations: readonly string[];
  schema: { body?: unknown; querystring?: unknown; params?: unknown };
};

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route, in order of declaration. */
    routeTable: readonly RouteEntry[];
  }
  interface FastifyContextConfig {
    access?: Access;
    /** Visitors without an account may call it, too. */
    visitors?: true;
    limit?: RouteLimit;
    /** Where else than in the headers a request may have its token: for clients that cannot set any. */
    token?(request: FastifyRequest): string | undefined;
    /** Names of what one address does, where it does several things: the operations of a dialect. */
    operations?: readonly string[];
    /** Which bodies `limit` is for, where one address does many things; the others have the limits that all have. */
    limited?: (body: unknown) => boolean;
  }
}
