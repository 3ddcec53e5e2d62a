import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ScratchCheck } from '../check.ts';
import { judge, MissingPieceError, sample } from '../finding.ts';
import { freePort } from '../scratch/free-port.ts';
import { findProgram } from '../scratch/program.ts';
import type { ScratchClient } from '../scratch/scratch-client.ts';
import { type ScratchPostgres, untilQuery } from '../scratch/scratch-postgres.ts';
import type { Workshop } from '../scratch/workshop.ts';

const COUNT = 20;

export const pointInTime: ScratchCheck = {
  id: 'point-in-time',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title:
    'A PostgreSQL server is restored to a chosen second: every session that was acknowledged by then is there, and none after',
  items: ['S1-98', 'S1-100', 'S3-74'],
  expected: `with \`parley pitr configure\`, pgBackRest and \`parley pitr restore\`: ${COUNT} of ${COUNT} sessions, 0 of the ${COUNT} made after`,
  remedy: 'see docs/operate/backup-and-recovery.md, To any second',
  validDays: 30,
  run: async (workshop, signal) => {
    const pgbackrest = await findProgram('pgbackrest', workshop.tools);
    if (pgbackrest === null) throw new MissingPieceError('this machine has no pgbackrest');
    const postgres = await workshop.postgres({ wal_level: 'replica', archive_mode: 'on' });
    const configuration = await configure(workshop, postgres);
    const backrest = (...args: string[]) =>
      postgres.runAs(pgbackrest, [`--config=${configuration}`, '--stanza=parley', ...args]);
    await postgres.query(
      `ALTER SYSTEM SET archive_command = '${pgbackrest} --config=${configuration} --stanza=parley archive-push %p'`,
    );
    await postgres.query('SELECT pg_reload_conf()');
    await backrest('stanza-create');
    const settings = { DATABASE_URL: postgres.url, DATA_DIR: await workshop.folder() };
    const migrated = await workshop.run(['migrate', 'up'], settings);
    if (migrated.code !== 0)
      throw new Error(`parley migrate up ended with ${migrated.code}: ${migrated.err.slice(-300)}`);
    const server = await workshop.serve(settings);
    await backrest('--type=full', 'backup');
    const user = await server.login();
    const before = await sessions(user);
    await delay(50, undefined, { signal });
    const moment = await postgres.query(
      'SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')',
    );
    await delay(50, undefined, { signal });
    const after = await sessions(user);
    await server.stop();
    const segment = await postgres.query('SELECT pg_walfile_name(pg_switch_wal())');
    await untilQuery(
      postgres,
      `SELECT last_archived_wal >= '${segment}' FROM pg_stat_archiver`,
      't',
      workshop.within(60),
    );
    const start = performance.now();
    const restored = await restore(workshop, postgres, configuration, moment);
    const table = await restored.query(
      "SELECT table_schema FROM information_schema.tables WHERE table_name = 'session' AND table_schema LIKE 'tenant_%' LIMIT 1",
    );
    const found = new Set((await restored.query(`SELECT id FROM "${table}".session`)).split('\n'));
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const [lost, extra] = [before.filter((id) => !found.has(id)), after.filter((id) => found.has(id))];
    const faults: string[] = [];
    if (lost.length > 0) faults.push(`${lost.length} of ${COUNT} sessions are lost`);
    if (extra.length > 0) faults.push(`${extra.length} sessions are from after the moment`);
    return judge(faults, `restored to ${moment}: 0 of ${COUNT} lost, 0 from after; RTO ${seconds} s`, [
      sample('pitr restore', restored.told),
    ]);
  },
};

async function configure(workshop: Workshop, { folder, dataFolder, port, account }: ScratchPostgres): Promise<string> {
  const [target, repository, locks] = ['pitr', 'repository', 'locks'].map((name) => join(folder, 'beside', name)) as [
    string,
    string,
    string,
  ];
  for (const made of [repository, locks]) await mkdir(made, { mode: 0o750 });
  const written = await workshop.run(
    [
      'pitr',
      'configure',
      target,
      '--cluster',
      dataFolder,
      '--repository',
      repository,
      '--port',
      String(port),
      '--socket',
      folder,
    ],
    {},
  );
  if (written.code !== 0)
    throw new Error(`parley pitr configure ended with ${written.code}: ${written.err.slice(-300)}`);
  const configuration = join(target, 'pgbackrest.conf');
  // Beside other pgBackRests of this machine, whose locks are in /tmp; and the superuser of this cluster is not postgres.
  const text = await readFile(configuration, 'utf8');
  const own = text
    .replace('[global]\n', `[global]\nlock-path=${locks}\n`)
    .replace('[parley]\n', '[parley]\npg1-user=parley\n');
  await writeFile(configuration, own);
  const files = await readdir(target);
  const all = [target, repository, locks, ...files.map((file) => join(target, file))];
  if (account) for (const path of all) await chown(path, account.uid, account.gid);
  return configuration;
}

async function sessions(user: ScratchClient): Promise<string[]> {
  return Promise.all(Array.from({ length: COUNT }, () => user.newSession()));
}

type Restored = { query(statement: string): Promise<string>; told: string };

async function restore(
  workshop: Workshop,
  postgres: ScratchPostgres,
  configuration: string,
  moment: string,
): Promise<Restored> {
  const { folder, bin, account } = postgres;
  const cluster = join(folder, 'beside', 'restored');
  await mkdir(cluster, { mode: 0o700 });
  if (account) await chown(cluster, account.uid, account.gid);
  const { code, out, err } = await workshop.run(
    ['pitr', 'restore', '--config', configuration, '--cluster', cluster, '--to', moment],
    {},
  );
  if (code !== 0) throw new Error(`parley pitr restore ended with ${code}: ${err.slice(-400)}`);
  const port = await freePort();
  const pgCtl = (...args: string[]) =>
    postgres.runAs(join(bin, 'pg_ctl'), ['-D', cluster, '--wait', '-l', join(cluster, 'start.log'), ...args]);
  await pgCtl('start', '-o', `-p ${port} -c archive_mode=off -c listen_addresses=`);
  workshop.defer(async () => {
    await pgCtl('stop', '--mode=immediate').catch(() => undefined);
  });
  const query = async (statement: string) =>
    (
      await postgres.runAs(join(bin, 'psql'), [
        '-h',
        folder,
        '-p',
        String(port),
        '-U',
        'parley',
        '-d',
        'postgres',
        '-XAtq',
        '-c',
        statement,
      ])
    ).trim();
  for (const signal = workshop.signal; (await query('SELECT pg_is_in_recovery()')) !== 'f'; )
    await delay(100, undefined, { signal });
  return { query, told: out };
}
