import { Type } from 'typebox';
import type { App } from '../../../platform/http/server.ts';
import {
  IdParams,
  NewRule,
  PolicyChange,
  RetentionPolicy,
  RetentionRule,
  RetentionRun,
  RuleChange,
  RuleList,
  RuleQuery,
  RunPage,
  RunQuery,
  RunRequest,
} from './retention.schema.ts';
import type { Retention } from './retention.service.ts';

const tags = ['Memory: retention'];

/** `/v1/retention/*`, and `/v1/admin/retention/run` for those who know it by that name. */
export function retentionRoutes(app: App, retention: Retention): void {
  policyRoutes(app, retention);
  ruleRoutes(app, retention);
  runRoutes(app, retention);
}

function policyRoutes(app: App, retention: Retention): void {
  app.get(
    '/v1/retention/policy',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'How long memories are kept', response: { 200: RetentionPolicy } },
    },
    async (request) => retention.policy(request.principal),
  );
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/v1/retention/policy',
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Decide how long memories are kept',
        description: 'What is left out stays as it is. `enabled: true` has it applied once a day.',
        body: PolicyChange,
        response: { 200: RetentionPolicy },
      },
      handler: async (request) => retention.changePolicy(request.principal, request.body as PolicyChange),
    });
  }
}

function ruleRoutes(app: App, retention: Retention): void {
  app.post(
    '/v1/retention/rules',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Add a rule',
        description: 'Rules apply by priority, before the policy; of each memory the first that applies.',
        body: NewRule,
        response: { 201: RetentionRule },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      return reply.code(201).send(await request.once(() => retention.createRule(principal, body)));
    },
  );
  app.get(
    '/v1/retention/rules',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The rules, in the order in which they apply',
        querystring: RuleQuery,
        response: { 200: RuleList },
      },
    },
    async (request) => ({
      data: await retention.rules(request.principal, request.query.enabled_only ?? false),
      next_cursor: null,
    }),
  );
  app.get(
    '/v1/retention/rules/:id',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'One rule', params: IdParams, response: { 200: RetentionRule } },
    },
    async (request) => retention.rule(request.principal, request.params.id),
  );
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/v1/retention/rules/:id',
      config: { access: 'admin' },
      schema: { tags, summary: 'Change a rule', params: IdParams, body: RuleChange, response: { 200: RetentionRule } },
      handler: async (request) =>
        retention.changeRule(request.principal, (request.params as IdParams).id, request.body as RuleChange),
    });
  }
  app.delete(
    '/v1/retention/rules/:id',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'Remove a rule', params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await retention.deleteRule(request.principal, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function runRoutes(app: App, retention: Retention): void {
  for (const url of ['/v1/retention/runs', '/v1/retention/execute', '/v1/admin/retention/run']) {
    app.post(
      url,
      {
        config: { access: 'admin' },
        schema: {
          tags,
          summary: 'Apply policy and rules now',
          description:
            'With `dry_run` it tells what would be done, to the last memory, and does nothing. Otherwise it works in small batches that hold nobody up; 200 when it ended within 8 s, else 202 and the run goes on: ask for it by its id. One at a time: 409 names the one under way.',
          body: RunRequest,
          response: { 200: RetentionRun, 202: RetentionRun },
        },
      },
      async (request, reply) => {
        const { principal, body, signal } = request;
        const run = await request.once(() => retention.run(principal, body, signal));
        return reply.code(run.status === 'running' ? 202 : 200).send(run);
      },
    );
  }
  app.get(
    '/v1/retention/runs',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'What was done so far, newest first',
        querystring: RunQuery,
        response: { 200: RunPage },
      },
    },
    async (request) => retention.list(request.principal, request.query),
  );
  app.get(
    '/v1/retention/runs/:id',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'One run of retention', params: IdParams, response: { 200: RetentionRun } },
    },
    async (request) => retention.get(request.principal, request.params.id),
  );
}
