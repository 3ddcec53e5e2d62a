import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { endWithTests } from './keeper.ts';
import { untilListening } from './listening.ts';
import { serverAccount } from './postgres/data-folder.ts';
import { firstProgram } from './programs.ts';

const SHIPPED = new URL('../../deploy/pgbouncer/pgbouncer.ini', import.meta.url);

/** Debian keeps it where only root looks for programs. */
export const pgbouncerProgram = firstProgram('pgbouncer') ?? firstProgram('../sbin/pgbouncer');

/** PgBouncer as `deploy/` configures it, before one database, with `poolSize` connections to it at most. */
export async function startPgBouncer(
  database: string,
  { poolSize }: { poolSize: number },
): Promise<{ url: string; stop(): Promise<void> }> {
  const target = new URL(database);
  const name = target.pathname.slice(1);
  const port = await freePort();
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'parley-pgbouncer-'));
  const users = join(folder, 'userlist.txt');
  const shipped = await readFile(SHIPPED, 'utf8');
  const own = shipped
    .replace(/^parley = .*$/m, `${name} = host=${target.hostname} port=${target.port} dbname=${name}`)
    .replace(/^listen_port = .*$/m, `listen_port = ${port}\nunix_socket_dir =`)
    .replace(/^auth_file = .*$/m, `auth_file = ${users}`)
    .replace(/^default_pool_size = .*$/m, `default_pool_size = ${poolSize}`)
    .replace(/^reserve_pool_size = .*$/m, 'reserve_pool_size = 0');
  await writeFile(join(folder, 'pgbouncer.ini'), own);
  await writeFile(users, `"${target.username}" "${decodeURIComponent(target.password)}"\n`);
  await chmod(folder, 0o755);
  if (account) await chown(users, account.uid, account.gid);
  const child = spawn(pgbouncerProgram ?? 'pgbouncer', [join(folder, 'pgbouncer.ini')], {
    ...account,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithTests(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  await untilListening(child, port, () => log);
  const url = new URL(database);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    stop: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
