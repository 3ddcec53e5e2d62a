import { Type } from 'typebox';
import { pageOf } from '../../../platform/http/pagination.ts';
import { words } from '../../../platform/http/schema.ts';
import type { App } from '../../../platform/http/server.ts';
import { ROLES } from '../identity.policy.ts';
import * as schema from '../identity.schema.ts';
import { listMembers } from '../identity.service.ts';
import type { Identity } from '../identity.ts';
import { pageFrom } from '../list-page.ts';
import { changeMember, leaveTenant, removeMember, setUserActive } from './member.service.ts';

const tags = ['users'];
const { closed } = schema;
const Params = Type.Object({ id: Type.String({ maxLength: 100 }) }, closed);
const ChangeBody = Type.Object(
  {
    role: Type.Optional(words(ROLES)),
    is_active: Type.Optional(Type.Boolean({ description: 'In this tenant. false ends their access at once.' })),
  },
  closed,
);
const LeaveBody = Type.Object({ tenant: Type.String({ minLength: 1, maxLength: 100 }) }, closed);
const ActiveBody = Type.Object({ is_active: Type.Boolean() }, closed);

/** The people of a tenant. */
export function memberRoutes(app: App, identity: Identity): void {
  app.get(
    '/v1/users',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'The users of my tenant',
        querystring: schema.ListQuery,
        response: { 200: schema.MemberList },
      },
    },
    async ({ principal, query }) => {
      const page = pageFrom(query);
      const members = await listMembers(identity, principal, page);
      return pageOf(members, page.limit, schema.presentMember, ({ id }) => [id]);
    },
  );

  app.patch(
    '/v1/users/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Change a member’s role, or take their access away',
        description: 'Nobody raises above their own role, and the last owner stays.',
        params: Params,
        body: ChangeBody,
      },
    },
    async ({ principal, params, body }, reply) => {
      await changeMember(identity, principal, params.id, { role: body.role, isActive: body.is_active });
      return reply.code(204).send();
    },
  );

  app.delete(
    '/v1/users/:id',
    { config: { access: 'admin' }, schema: { tags, summary: 'Take a member out of my tenant', params: Params } },
    async ({ principal, params }, reply) => {
      await removeMember(identity, principal, params.id);
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/tenants/current/leave',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['tenants'],
        summary: 'Leave this tenant',
        description: 'The body names it by its slug, so that nobody leaves another by mistake.',
        body: LeaveBody,
      },
    },
    async ({ principal, body }, reply) => {
      await leaveTenant(identity, principal, body.tenant);
      return reply.code(204).send();
    },
  );

  app.patch(
    '/v1/admin/users/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Take a user’s access to the whole installation away, or give it back',
        params: Params,
        body: ActiveBody,
      },
    },
    async ({ principal, params, body }, reply) => {
      await setUserActive(identity, principal, params.id, body.is_active);
      return reply.code(204).send();
    },
  );
}
