import { requestErrors } from '../../../platform/http/errors.ts';
import { pageFrom } from '../../../platform/http/id-page.ts';
import { pageOf } from '../../../platform/http/pagination.ts';
import type { App } from '../../../platform/http/server.ts';
import { type ForgettingPrincipal, subjectId } from './forgetter.ts';
import * as schema from './forgetting.schema.ts';
import type { Forgetting } from './forgetting.ts';

const tags = ['forgetting'];
const config = { access: 'member' } as const;

/** `/v1/forgetting`: what is forgotten for good, and the receipts of it. */
export function forgettingRoutes(app: App, forgetting: Forgetting): void {
  app.post(
    '/v1/forgetting',
    {
      config,
      schema: {
        tags,
        summary: 'Have something forgotten for good, or count what that would be',
        description:
          'A memory, fact, message, session, document, subject, all memories of a user, or a user: rows, vectors, run events, files, kept answers and waiting jobs. It goes on in the background, outlives restarts, stays so when an older backup is restored, and ends in a signed receipt.',
        body: schema.NewForgetting,
        response: { 200: schema.ForgettingView, 202: schema.ForgettingView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const id = targetIn(principal, body);
      if (body.dry_run) return reply.send(await planned(forgetting, principal, body.kind, id));
      const begun = await request.once(async () =>
        schema.presentForgetting(await forgetting.begin(principal, body.kind, id)),
      );
      return reply.code(202).send(begun);
    },
  );
  app.get(
    '/v1/forgetting',
    {
      config,
      schema: {
        tags,
        summary: 'What I asked to be forgotten, newest first',
        querystring: schema.ListQuery,
        response: { 200: schema.ForgettingPage },
      },
    },
    async ({ principal, query }) => {
      const { limit, after } = pageFrom(query);
      const rows = await forgetting.list(principal, { limit: limit + 1, before: after });
      return pageOf(rows, limit, schema.presentForgetting, ({ id }) => [id]);
    },
  );
  app.get(
    '/v1/forgetting/:id',
    {
      config,
      schema: {
        tags,
        summary: 'How far it is, and its receipt',
        params: schema.Params,
        response: { 200: schema.ForgettingView },
      },
    },
    async ({ principal, params: { id } }) => schema.presentForgetting(await forgetting.get(principal, id)),
  );
  app.post(
    '/v1/forgetting/verify',
    {
      config,
      schema: {
        tags,
        summary: 'Whether a receipt is one of this installation, unchanged',
        body: schema.SignedReceipt,
        response: { 200: schema.Verdict },
      },
    },
    async ({ body }) => ({ genuine: forgetting.seal.isGenuine(body) }),
  );
}

function targetIn({ userId }: ForgettingPrincipal, { kind, id, subject }: schema.NewForgetting): string {
  if (kind === 'subject') {
    if (subject !== undefined) return subjectId(id ?? userId, subject);
    throw missing('subject', 'is required for kind subject: the name that your program gave');
  }
  if (id !== undefined) return id;
  if (kind === 'memories') return userId;
  throw missing('id', `is required: the id of the ${kind}`);
}

function missing(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}

async function planned(
  forgetting: Forgetting,
  principal: ForgettingPrincipal,
  kind: schema.NewForgetting['kind'],
  id: string,
): Promise<schema.ForgettingView> {
  return {
    id: null,
    kind,
    target: id,
    status: 'planned',
    planned: { ...(await forgetting.plan(principal, kind, id)) },
    done: {},
    receipt: null,
    signature: null,
    created_at: new Date().toISOString(),
    ended_at: null,
  };
}
