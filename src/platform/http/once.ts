import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Does what must happen once however often a request is repeated with the same `Idempotency-Key`; a repeat gets what
     * the first one's work resolved to. That must be JSON, and the whole answer must follow from it. What throws has done
     * nothing and may be repeated. Without the header, or a server that keeps no answers, it is just done.
     * `said` stands for what the client said where that is not the body: the same for the same.
     */
    once<Result>(work: () => Promise<Result>, said?: string): Promise<Result>;
  }
}

export function offerOnce(app: App): void {
  app.decorateRequest('once', (work) => work());
}
