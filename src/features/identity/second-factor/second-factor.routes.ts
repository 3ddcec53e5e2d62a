import { callerAddress } from '../../../platform/http/caller-address.ts';
import type { App } from '../../../platform/http/server.ts';
import { presentLogin } from '../identity.schema.ts';
import type { Identity } from '../identity.ts';
import { clientOf, unstored } from '../login-reply.routes.ts';
import { enrolAtLogin, passSecondFactor } from '../token/second-step.service.ts';
import * as schema from './second-factor.schema.ts';
import {
  confirmSecondFactor,
  describeSecondFactor,
  type Enrolment,
  enrolSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  requireInTenant,
} from './second-factor.service.ts';

const tags = ['auth'];
const own = { access: 'viewer' } as const;

/** The second step of a login, and the second factor of one's own account. */
export function secondFactorRoutes(app: App, identity: Identity): void {
  stepRoutes(app, identity);
  ownRoutes(app, identity);
  app.put(
    '/v1/tenants/current/second-factor',
    {
      config: { access: 'owner' },
      schema: {
        tags: ['tenants'],
        summary: 'Whether logins into my tenant need a second factor',
        description: 'Logins that were begun without one end at once, yours too.',
        body: schema.RequirementBody,
      },
    },
    async ({ principal, body }, reply) => {
      await requireInTenant(identity, principal, body.required);
      return reply.code(204).send();
    },
  );
}

function stepRoutes(app: App, identity: Identity): void {
  const config = { access: 'public', limit: 'login' } as const;

  app.post(
    '/v1/auth/login/second-factor',
    {
      config,
      schema: {
        tags,
        summary: 'The second step of a login',
        description: '`challenge` is a member of the error ERR_AUTH_009 that the first step answered.',
        body: schema.SecondStepBody,
        response: { 200: schema.SecondStepReply },
      },
    },
    async (request, reply) => {
      const address = callerAddress(request);
      const passed = await passSecondFactor(identity, { ...request.body, address, client: clientOf(request) });
      return unstored(reply).send({ ...presentLogin(passed), recovery_codes: passed.recoveryCodes });
    },
  );

  app.post(
    '/v1/auth/login/second-factor/enrolment',
    {
      config,
      schema: {
        tags,
        summary: 'Set up a second factor in the middle of a login that asks for one',
        body: schema.ChallengeBody,
        response: { 200: schema.EnrolmentReply },
      },
    },
    async ({ body }, reply) => unstored(reply).send(presentEnrolment(await enrolAtLogin(identity, body.challenge))),
  );
}

function ownRoutes(app: App, identity: Identity): void {
  const url = '/v1/auth/second-factor';

  app.get(
    url,
    { config: own, schema: { tags, summary: 'My second factor', response: { 200: schema.StateReply } } },
    async ({ principal }) => {
      const { enabled, recoveryCodesLeft } = await describeSecondFactor(identity, principal);
      return { enabled, recovery_codes_left: recoveryCodesLeft };
    },
  );

  app.post(
    url,
    {
      config: own,
      schema: {
        tags,
        summary: 'Begin to set up a second factor',
        description: 'It guards nothing until its first code has come to /confirm.',
        body: schema.EnrolBody,
        response: { 200: schema.EnrolmentReply },
      },
    },
    async ({ principal, body, signal }, reply) =>
      unstored(reply).send(presentEnrolment(await enrolSecondFactor(identity, principal, body.password, signal))),
  );

  app.post(
    `${url}/confirm`,
    {
      config: own,
      schema: {
        tags,
        summary: 'Turn my second factor on',
        body: schema.CodeBody,
        response: { 200: schema.CodesReply },
      },
    },
    async ({ principal, body }, reply) =>
      unstored(reply).send({ recovery_codes: await confirmSecondFactor(identity, principal, body.code) }),
  );

  app.post(
    `${url}/recovery-codes`,
    {
      config: own,
      schema: { tags, summary: 'Have new recovery codes', body: schema.CodeBody, response: { 200: schema.CodesReply } },
    },
    async ({ principal, body }, reply) =>
      unstored(reply).send({ recovery_codes: await renewRecoveryCodes(identity, principal, body.code) }),
  );

  app.post(
    `${url}/remove`,
    { config: own, schema: { tags, summary: 'Turn my second factor off', body: schema.CodeBody } },
    async ({ principal, body }, reply) => {
      await removeSecondFactor(identity, principal, body.code);
      return reply.code(204).send();
    },
  );
}

function presentEnrolment({ secret, otpauthUri }: Enrolment) {
  return { secret, otpauth_uri: otpauthUri };
}
