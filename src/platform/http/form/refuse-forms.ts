import type { App } from '../app.ts';
import { requestErrors } from '../errors.ts';

/** Refuses a form where a route says nothing of one: with a body that may be left out, it would be taken for none. */
export function refuseForms(app: App): void {
  app.addHook('preValidation', async (request) => {
    if (!request.isMultipart()) return;
    const { body } = (request.routeOptions.schema ?? {}) as { body?: { content?: Record<string, unknown> } };
    if (body?.content?.['multipart/form-data']) return;
    throw requestErrors.unsupportedType('This address takes no form. Send application/json.');
  });
}
