import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Does what must happen once however often a request is repeated with the same `Idempotency-Key`; a repeat gets what
     * the first one's work resolved to. That must be JSON, and the whole answer must follow from it. What throws has done
     * nothing and may be repeated. Without the header, or a server that keeps no answers, it is just done.
     */
    once<Result>(work: () => Promise<Result>): Promise<Result>;
  }
}

export function offerOnce(app: App): void {
  app.decorateRequest('once', (work) => work());
}
