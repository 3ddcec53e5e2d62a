import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { backupFor, type PitrState, readPgbackrestInfo } from './pgbackrest-info.ts';

/** Runs pgBackRest with a configuration and its stanza, as the user that PostgreSQL runs as. What it printed. */
export type RunPgbackrest = (args: readonly string[]) => Promise<string>;

/** Nothing can be restored to this moment, or not here; the message says why, and what to do. */
export class PitrRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PitrRefusedError';
  }
}

export async function readPitrState(run: RunPgbackrest): Promise<PitrState> {
  return readPgbackrestInfo(await run(['--output=json', 'info']));
}

export type PitrRestore = {
  /** To this moment, and not further: what was committed by then is there, nothing later. */
  moment: Date;
  /** `data_directory` of the server, which is stopped. */
  dataFolder: string;
  /** Consent that files which are there are overwritten. */
  replace: boolean;
  now: Date;
};

/**
 * Lays out the cluster from the newest whole backup before the moment, and has PostgreSQL replay the log up to it at its next
 * start. Returns the backup's name.
 * @throws PitrRefusedError
 */
export async function restoreToMoment(run: RunPgbackrest, target: PitrRestore): Promise<string> {
  const { moment, dataFolder, replace, now } = target;
  if (moment.getTime() > now.getTime()) throw new PitrRefusedError('That moment has not come yet.');
  if (await exists(join(dataFolder, 'postmaster.pid'))) {
    throw new PitrRefusedError(`PostgreSQL runs on ${dataFolder}, or was killed there: stop it first.`);
  }
  if (!replace && (await exists(join(dataFolder, 'PG_VERSION')))) {
    throw new PitrRefusedError(
      `${dataFolder} holds a cluster, and nothing of it was touched. Name an empty folder, or say --replace to overwrite it.`,
    );
  }
  const backup = backupFor(await readPitrState(run), moment);
  if (!backup)
    throw new PitrRefusedError('No whole backup had ended by then. parley pitr status names those that there are.');
  await run([
    `--pg1-path=${dataFolder}`,
    `--set=${backup.label}`,
    '--type=time',
    `--target=${moment.toISOString().replace('T', ' ').replace('Z', '+00')}`,
    '--target-action=promote',
    ...(replace ? ['--delta'] : []),
    'restore',
  ]);
  return backup.label;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
