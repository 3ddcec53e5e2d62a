import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  cronFile,
  nextSteps,
  type PitrPlan,
  PitrRefusedError,
  pgbackrestConf,
  pitrFaults,
  postgresConf,
  type RunPgbackrest,
  readPitrState,
  restoreToMoment,
  STANZA,
} from '../../features/operations/index.ts';
import { CommandError, EXIT } from '../failures.ts';
import { say, tellSize } from './long-work.ts';

/**
 * `parley pitr …`: a PostgreSQL server that can be restored to any second, by pgBackRest, on the server's own machine and as the
 * user that it runs as. Exit codes: 0 done, or all is well; 1 something is not well, or refused; 2 a wrong option; 69 pgBackRest
 * failed; 73 a file is there already.
 */

export type ConfigureOptions = {
  cluster: string;
  repository: string;
  port: string;
  socket?: string;
  keep: string;
  within: string;
};

/** `parley pitr configure <folder>`: writes what pgBackRest, PostgreSQL and cron need, with a passphrase of its own. */
export async function runPitrConfigure(folder: string, options: ConfigureOptions): Promise<void> {
  const plan: PitrPlan = {
    dataFolder: options.cluster,
    port: wholeNumber('--port', options.port, 65_535),
    socketFolder: options.socket ?? null,
    repository: options.repository,
    keep: wholeNumber('--keep', options.keep, 1_000),
    passphrase: randomBytes(36).toString('base64url'),
    archiveWithin: wholeNumber('--within', options.within, 86_400),
  };
  const target = resolve(folder);
  const configuration = join(target, 'pgbackrest.conf');
  await mkdir(target, { recursive: true, mode: 0o700 });
  await write(configuration, pgbackrestConf(plan));
  await write(join(target, 'postgresql.conf'), postgresConf(plan, configuration));
  await write(join(target, 'cron'), cronFile(configuration));
  say(nextSteps(plan, target));
}

/** `parley pitr status`: what there is, and what is not well. */
export async function runPitrStatus(options: { config: string; age: string }): Promise<void> {
  const age = wholeNumber('--age', options.age, 100_000);
  const state = await readPitrState(pgbackrest(options.config));
  for (const { label, kind, end, bytes, faulty } of state.backups) {
    say(`${label}\t${kind}\t${end.toISOString()}\t${tellSize(bytes)}${faulty ? '\tFAULTY' : ''}`);
  }
  say(`Archived up to ${state.lastArchived ?? 'nothing'}.`);
  const faults = pitrFaults(state, new Date(), age);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

/** `parley pitr restore`: lays out the cluster; PostgreSQL comes to the moment at its next start. */
export async function runPitrRestore(options: {
  config: string;
  cluster: string;
  to: string;
  replace?: boolean;
}): Promise<void> {
  const moment = new Date(options.to);
  if (Number.isNaN(moment.getTime()) || !/[zZ]|[+-]\d\d:?\d\d$/.test(options.to)) {
    throw new CommandError('--to must be a time with its zone, such as 2026-11-25T23:00:00Z.', 2);
  }
  const target = { moment, dataFolder: options.cluster, replace: options.replace === true, now: new Date() };
  const backup = await restoreToMoment(pgbackrest(options.config), target).catch((error: unknown) => {
    throw error instanceof PitrRefusedError ? new CommandError(error.message, 1) : error;
  });
  say(
    `The cluster in ${options.cluster} is laid out from ${backup}. Start PostgreSQL: it replays up to ${moment.toISOString()}.`,
  );
}

function pgbackrest(configuration: string): RunPgbackrest {
  return async (args) => {
    const all = [`--config=${resolve(configuration)}`, `--stanza=${STANZA}`, ...args];
    try {
      return (await promisify(execFile)('pgbackrest', all, { maxBuffer: 64 * 1024 * 1024 })).stdout;
    } catch (error) {
      const { code, stdout = '', message } = error as Error & { code?: unknown; stdout?: string };
      if (code === 'ENOENT') throw new CommandError('pgbackrest is not installed here.', EXIT.unavailable);
      throw new CommandError(`pgBackRest failed: ${stdout.trim() || message}`, EXIT.unavailable);
    }
  };
}

/** Never over a file that is there: its passphrase opens backups. */
async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new CommandError(
      `${path} is there already. Its passphrase may be needed: move it away yourself.`,
      EXIT.cannotCreate,
    );
  });
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new CommandError(`${option} must be a whole number from 1 to ${most}.`, 2);
}
