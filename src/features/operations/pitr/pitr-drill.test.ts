import { execFile } from 'node:child_process';
import { access, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asClient, type Cluster, startCluster } from '../../../../test/support/postgres/cluster.ts';
import { serverAccount } from '../../../../test/support/postgres/data-folder.ts';
import { findPostgres, type PostgresInstallation } from '../../../../test/support/postgres/installation.ts';
import { makeOwnedFolder } from '../../../../test/support/postgres/owned-folder.ts';
import { pgbackrestConf, postgresConf, STANZA } from './pgbackrest-files.ts';
import { pitrFaults } from './pgbackrest-info.ts';
import { type PitrRefusedError, readPitrState, restoreToMoment } from './pitr.service.ts';

const run = promisify(execFile);
const found = await findPostgres();
const hasPgbackrest = await access('/usr/bin/pgbackrest').then(
  () => true,
  () => false,
);
const missing = typeof found === 'string' ? found : hasPgbackrest ? null : 'pgbackrest is not installed';
if (missing !== null && process.env.CI === 'true')
  throw new Error(`The drill of a restore to a second needs: ${missing}.`);

/** A real server that archives, a real pgBackRest, and the files that `parley pitr configure` writes. */
test.skipIf(missing !== null)(
  `a server is restored to a chosen second with every row committed by then, and none after (${missing ?? 'pgBackRest'})`,
  async () => {
    const { backrest, cluster, restored } = world;
    const info = await readPitrState(backrest);
    expect(pitrFaults(info, new Date(), 26)).toEqual([]);
    const moment = await asClient(cluster.superuser, async (client) => {
      await client.query('CREATE TABLE committed (n int)');
      for (let n = 1; n <= 100; n += 1) await client.query('INSERT INTO committed VALUES ($1)', [n]);
      // Between two whole milliseconds: what JavaScript's dates cannot tell apart must not decide.
      const { rows } = await client.query("SELECT date_trunc('milliseconds', clock_timestamp()) + '2 ms' AS moment");
      await client.query("SELECT pg_sleep_until($1::timestamptz + '2 ms')", [rows[0].moment]);
      for (let n = 101; n <= 200; n += 1) await client.query('INSERT INTO committed VALUES ($1)', [n]);
      const { rows: switched } = await client.query('SELECT pg_walfile_name(pg_switch_wal()) AS name');
      const archived = async () => {
        const { rows: seen } = await client.query('SELECT last_archived_wal AS name FROM pg_stat_archiver');
        return (seen[0].name ?? '') >= switched[0].name;
      };
      await expect.poll(archived, { timeout: 180_000 }).toBe(true);
      return rows[0].moment as Date;
    });

    const target = { moment, dataFolder: restored, replace: false, now: new Date() };
    const refused = (more: object): Promise<PitrRefusedError> =>
      restoreToMoment(backrest, { ...target, ...more }).then(
        () => Promise.reject(new Error('was not refused')),
        (error: PitrRefusedError) => error,
      );
    const running = await refused({ dataFolder: join(cluster.folder, 'data') });
    expect(running.message).toContain('stop it first');
    expect((await refused({ moment: new Date(0) })).message).toContain('No whole backup had ended by then');
    expect((await refused({ moment: new Date(Date.now() + 60_000) })).message).toContain('not come yet');

    const start = performance.now();
    expect(await restoreToMoment(backrest, target)).toBe(info.backups.at(-1)?.label);
    await pgCtl(
      'start',
      '--wait',
      '-o',
      `-k ${world.folder} -p 6000 -c listen_addresses= -c archive_mode=off -c max_connections=200`,
    );
    const rows = await asClient({ ...cluster.superuser, host: world.folder, port: 6000 }, async (client) => {
      const recovered = async () => (await client.query('SELECT pg_is_in_recovery() AS busy')).rows[0].busy === false;
      await expect.poll(recovered, { timeout: 180_000 }).toBe(true);
      return (await client.query('SELECT n FROM committed ORDER BY n')).rows.map(({ n }) => n);
    });
    const seconds = (performance.now() - start) / 1_000;
    process.stdout.write(
      `restored to ${moment.toISOString()}: 0 of 100 committed rows lost, RTO ${seconds.toFixed(1)} s\n`,
    );
    expect(rows).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect((await refused({})).message).toContain('stop it first');
    await pgCtl('stop', '--mode=immediate');
    await rm(join(restored, 'postmaster.pid'), { force: true });
    expect((await refused({})).message).toContain('nothing of it was touched');
  },
  120_000,
);

type World = {
  cluster: Cluster;
  folder: string;
  restored: string;
  backrest(args: readonly string[]): Promise<string>;
};
let world: World;
let installation: PostgresInstallation;

beforeAll(async () => {
  if (missing !== null || typeof found === 'string') return;
  installation = found;
  const account = await serverAccount();
  const own = account ?? {};
  const folder = await makeOwnedFolder();
  const configuration = join(folder, 'pgbackrest.conf');
  const restored = join(folder, 'restored');
  await mkdir(join(folder, 'repository'));
  await mkdir(restored, { mode: 0o700 });
  // The settings that the written file has, given to a server that is just started.
  const settings = [...postgresConf({ archiveWithin: 60 }, configuration).matchAll(/^(\w+) = '?(.*?)'?$/gm)];
  const given = Object.fromEntries(settings.map(([, name = '', value = '']) => [name, value]));
  const cluster = await startCluster(found, {
    ...given,
    archive_command: `${given.archive_command} --lock-path=${folder}`,
  });
  const plan = { dataFolder: join(cluster.folder, 'data'), port: cluster.superuser.port ?? 0 };
  const more = { socketFolder: cluster.folder, repository: join(folder, 'repository'), keep: 2, archiveWithin: 60 };
  await writeFile(configuration, pgbackrestConf({ ...plan, ...more, passphrase: 'of the test' }));
  for (const path of ['', 'repository', 'restored', 'pgbackrest.conf'])
    if (account) await chown(join(folder, path), account.uid, account.gid);
  const backrest = async (args: readonly string[]) => {
    const options = [`--config=${configuration}`, `--stanza=${STANZA}`, `--lock-path=${folder}`, ...args];
    return (await run('pgbackrest', options, { ...own, cwd: '/', env: { PATH: process.env.PATH } })).stdout;
  };
  world = { cluster, folder, restored, backrest };
  await backrest(['stanza-create']);
  await backrest(['--type=full', 'backup']);
}, 240_000);

afterAll(async () => {
  if (!world) return;
  await pgCtl('stop', '--mode=immediate').catch(() => undefined);
  await world.cluster.stop();
  await rm(world.folder, { recursive: true, force: true });
});

async function pgCtl(...args: string[]): Promise<void> {
  const account = (await serverAccount()) ?? {};
  const log = join(world.folder, 'restored', 'start.log');
  const options = ['-D', world.restored, '-l', log, ...args];
  await run(join(installation.bin, 'pg_ctl'), options, { ...account, cwd: '/' }).catch(async (error) => {
    throw new Error(`${error.message}\n${await readFile(log, 'utf8').catch(() => '')}`);
  });
}
