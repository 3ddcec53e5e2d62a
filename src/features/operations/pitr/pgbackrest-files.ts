/** The files by which pgBackRest keeps a PostgreSQL server so that it can be restored to any second. Pure text. */

export type PitrPlan = {
  /** `data_directory` of the server. */
  dataFolder: string;
  port: number;
  /** Where its socket is; null: where PostgreSQL's packages put it. */
  socketFolder: string | null;
  /** A folder on another machine's disk, or `s3://bucket/prefix`. */
  repository: string;
  /** Full backups that stay, with all that restores from them need. */
  keep: number;
  /** Encrypts the repository (AES-256-CBC). Without it nothing can be restored. */
  passphrase: string;
  /** How long a second's rows may be on the server only, seconds. */
  archiveWithin: number;
};

export const STANZA = 'parley';

/** `pgbackrest.conf`; it holds the passphrase. */
export function pgbackrestConf(plan: PitrPlan): string {
  const lines = [
    '[global]',
    ...repositoryLines(plan.repository),
    'repo1-cipher-type=aes-256-cbc',
    `repo1-cipher-pass=${plan.passphrase}`,
    `repo1-retention-full=${plan.keep}`,
    'start-fast=y',
    'compress-type=gz',
    'compress-level=3',
    'process-max=2',
    'log-level-console=warn',
    'log-level-file=off',
    '',
    `[${STANZA}]`,
    `pg1-path=${plan.dataFolder}`,
    `pg1-port=${plan.port}`,
    ...(plan.socketFolder === null ? [] : [`pg1-socket-path=${plan.socketFolder}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function repositoryLines(repository: string): string[] {
  if (!repository.startsWith('s3://')) return [`repo1-path=${repository}`];
  const { host, pathname } = new URL(repository);
  return [
    'repo1-type=s3',
    `repo1-s3-bucket=${host}`,
    `repo1-path=${pathname === '' ? '/' : pathname}`,
    '# Endpoint, region and keys: PGBACKREST_REPO1_S3_ENDPOINT, _REGION, _KEY and _KEY_SECRET in the environment of PostgreSQL',
    '# and of cron, or the same names as repo1-s3-… here.',
  ];
}

/** For `conf.d` of PostgreSQL. `archive_mode` needs a restart. */
export function postgresConf(plan: Pick<PitrPlan, 'archiveWithin'>, configuration: string): string {
  return `# Written by parley pitr configure.
wal_level = replica
archive_mode = on
archive_command = 'pgbackrest --config=${configuration} --stanza=${STANZA} archive-push %p'
# The longest that a quiet server keeps rows to itself, s: what a lost disk costs at most (RPO).
archive_timeout = ${plan.archiveWithin}
`;
}

/** For `cron.d`: a full backup each Sunday, what changed each other night. */
export function cronFile(configuration: string): string {
  const command = `postgres pgbackrest --config=${configuration} --stanza=${STANZA}`;
  return `# Written by parley pitr configure.
13 1 * * 0 ${command} --type=full backup
13 1 * * 1-6 ${command} --type=incr backup
`;
}

/** What a person does with the files, once. */
export function nextSteps(plan: PitrPlan, folder: string): string {
  const configuration = `${folder}/pgbackrest.conf`;
  return `As the user postgres, on the machine of the server:
  1. Include ${folder}/postgresql.conf in PostgreSQL's configuration, and restart it.
  2. pgbackrest --config=${configuration} --stanza=${STANZA} stanza-create
  3. pgbackrest --config=${configuration} --stanza=${STANZA} check
  4. pgbackrest --config=${configuration} --stanza=${STANZA} --type=full backup
  5. Put ${folder}/cron into /etc/cron.d/parley-pitr.
Then: parley pitr status --config ${configuration}
Keep the passphrase in ${configuration} elsewhere, too. What is committed is archived within ${plan.archiveWithin} s (RPO).
`;
}
