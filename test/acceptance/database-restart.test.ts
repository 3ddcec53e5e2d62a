import { describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../../src/features/chat/index.ts';
import { openServerDatabase } from '../../src/platform/database/server-database.ts';
import { withDatabase } from '../support/databases/server-template.ts';
import { prepareTemplate } from '../support/databases/template.ts';
import { asClient, startCluster } from '../support/postgres/cluster.ts';
import { findPostgres, type PostgresInstallation } from '../support/postgres/installation.ts';
import { DictatedAnswer, dictatedModel } from '../support/runs/dictated-answers.ts';
import { startRunWorker } from '../support/runs/run-worker.ts';
import { saidIn } from '../support/runs/run-world.ts';
import { makeTenant, principalIn } from '../support/tenants.ts';

const NAME = 'restarted';
const installation = await findPostgres();

describe.skipIf(typeof installation === 'string')('a PostgreSQL that crashes and comes back', () => {
  test('in mid-answer delays the answer: its followers stay, nothing is lost and nothing doubled', {
    timeout: 120_000,
  }, async () => {
    const cluster = await startCluster(installation as PostgresInstallation);
    await asClient(cluster.url, (client) => client.query(`CREATE DATABASE ${NAME}`));
    await asClient({ ...cluster.superuser, database: NAME }, (client) =>
      client.query('CREATE EXTENSION vector SCHEMA public'),
    );
    const database = openServerDatabase({
      url: withDatabase(cluster.url, NAME),
      poolSize: 5,
      poolTimeout: 10_000,
      statementTimeout: 30_000,
      prepareStatements: true,
      applicationName: 'parley-restart',
      onError: () => undefined,
    });
    try {
      await prepareTemplate(database);
      const somebody = principalIn(await makeTenant(database));
      const answers = new Map(['q', 'then'].map((question) => [question, new DictatedAnswer(question)]));
      const chat = await startRunWorker(database, dictatedModel(answers));
      const session = await chat.sessions.create(somebody, {});
      const ask = (input: string) => chat.runs.create(somebody, session.id, { input });
      const follow = async (runId: string) => {
        const events: LoggedEvent[] = [];
        for await (const lines of await chat.runs.follow(somebody, runId, 0, new AbortController().signal)) {
          events.push(...lines.map(({ json }) => JSON.parse(json) as LoggedEvent));
        }
        return events;
      };

      const run = await ask('q');
      const followed = follow(run.id);
      answers.get('q')?.say();
      const lastSeq = async () => (await chat.runs.get(somebody, run.id)).last_seq;
      await expect.poll(lastSeq, { timeout: 180_000 }).toBeGreaterThan(3);
      let back = false;
      const restarted = cluster.restart().finally(() => {
        back = true;
      });
      while (!back) {
        answers.get('q')?.say();
        await new Promise((resolve) => setImmediate(resolve));
        if ((answers.get('q')?.steps[0]?.tokens.length ?? 0) > 2_000) break;
      }
      await restarted;
      answers.get('q')?.stop();

      const log = await followed;
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
      expect(saidIn(log)).toBe(answers.get('q')?.steps[0]?.tokens.join(''));
      expect(log.at(-1)).toMatchObject({ type: 'run-end', status: 'completed' });
      const next = await ask('then');
      answers.get('then')?.say();
      answers.get('then')?.stop();
      expect((await follow(next.id)).at(-1)).toMatchObject({ type: 'run-end', status: 'completed' });
      await chat.engine.stop(0);
    } finally {
      await database.close();
      await cluster.stop();
    }
  });
});
