import type { ServerResponse } from 'node:http';
import type { App } from '../platform/http/server.ts';
import { whenClosed } from '../platform/http/when-closed.ts';

/** The connections over which a tenant is being answered: when its access ends, streams that are open end, too. */
export type TenantGates = {
  enter(tenantId: string, answer: ServerResponse): void;
  close(tenantId: string): void;
  /** Has others closed, too, such as WebSockets, which are no answers any more. */
  watch(onClose: (tenantId: string) => void): void;
};

export function createTenantGates(): TenantGates {
  const open = new Map<string, Set<ServerResponse>>();
  const watchers: ((tenantId: string) => void)[] = [];
  return {
    watch: (onClose) => void watchers.push(onClose),
    enter: (tenantId, answer) => {
      const answers = open.get(tenantId) ?? new Set();
      open.set(tenantId, answers.add(answer));
      whenClosed(answer, () => {
        answers.delete(answer);
        if (answers.size === 0 && open.get(tenantId) === answers) open.delete(tenantId);
      });
    },
    close: (tenantId) => {
      // An answer that has begun is a stream: it is cut, and its client learns the rest when it comes back. What has not begun
      // goes on to its end: it was let in, and the act that ends the access may be among it.
      for (const answer of open.get(tenantId) ?? []) if (answer.headersSent && !answer.writableEnded) answer.destroy();
      for (const onClose of watchers) onClose(tenantId);
    },
  };
}

/** After the guard: only who was let in is noted. */
export function watchTenantGates(app: App, gates: TenantGates): void {
  app.addHook('onRequest', async ({ principal }, reply) => {
    if (principal) gates.enter(principal.tenant.id, reply.raw);
  });
}
