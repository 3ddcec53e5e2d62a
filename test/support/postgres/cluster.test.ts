import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { endWithTests, KEEPER_ADDRESS } from '../keeper.ts';
import { asClient, startCluster } from './cluster.ts';
import { findPostgres, type PostgresInstallation } from './installation.ts';
import { isAlive } from './owned-folder.ts';

const installation = await findPostgres();

/** Another run: starts a cluster, says which, and lives until it is killed or told to go. */
const OTHER_RUN = `
  import { startCluster } from ${JSON.stringify(new URL('./cluster.ts', import.meta.url).href)};
  const { folder, pid } = await startCluster(${JSON.stringify(installation)});
  process.on('SIGTERM', () => process.exit());
  process.stdout.write(JSON.stringify({ folder, pid }));
  setInterval(() => undefined, 60_000);
`;

describe.skipIf(typeof installation === 'string')('a private cluster', () => {
  const postgres = installation as PostgresInstallation;
  const runs: ChildProcess[] = [];

  async function otherRun(): Promise<{ run: ChildProcess; folder: string; pid: number }> {
    const run = spawn(process.execPath, ['--input-type=module', '--eval', OTHER_RUN], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Nobody ends for it what it leaves.
      env: { ...process.env, [KEEPER_ADDRESS]: undefined },
    });
    endWithTests(run);
    runs.push(run);
    if (!run.stdout) throw new Error('The other run has no output.');
    const [said] = await once(run.stdout, 'data');
    return { run, ...JSON.parse(String(said)) };
  }

  async function end(run: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (run.exitCode !== null || run.signalCode !== null) return;
    const ended = once(run, 'exit');
    run.kill(signal);
    await ended;
  }

  afterEach(async () => {
    for (const run of runs.splice(0)) await end(run, 'SIGTERM');
  });

  test('answers, and is gone once stopped', async () => {
    const cluster = await startCluster(postgres, { max_connections: '7' });
    const { rows } = await asClient(cluster.url, (client) => client.query('SHOW max_connections'));
    expect(rows).toEqual([{ max_connections: '7' }]);
    await cluster.stop();
    expect(existsSync(cluster.folder)).toBe(false);
    expect(await isAlive(cluster.pid)).toBe(false);
  });

  test('says why when it does not start', async () => {
    await expect(startCluster(postgres, { max_connections: 'many' })).rejects.toThrow('invalid value for parameter');
  });

  test('ends with its run, also when that is interrupted', async () => {
    const { run, folder, pid } = await otherRun();
    await end(run, 'SIGTERM');
    expect(await isAlive(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  test('of a killed run is removed by the next, and that of a living run is not', async () => {
    const killed = await otherRun();
    const living = await otherRun();
    await end(killed.run, 'SIGKILL');
    expect(await isAlive(killed.pid)).toBe(true);

    const cluster = await startCluster(postgres);
    await cluster.stop();
    expect(await isAlive(killed.pid)).toBe(false);
    expect(existsSync(killed.folder)).toBe(false);
    expect(await isAlive(living.pid)).toBe(true);
    expect(existsSync(living.folder)).toBe(true);
  });
});
