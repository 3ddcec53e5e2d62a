import { describe, expect, test } from 'vitest';
import { type PitrPlan, pgbackrestConf, postgresConf } from './pgbackrest-files.ts';
import { backupFor, pitrFaults, readPgbackrestInfo } from './pgbackrest-info.ts';

const plan: PitrPlan = {
  dataFolder: '/var/lib/postgresql/15/main',
  port: 5432,
  socketFolder: null,
  repository: '/srv/pgbackrest',
  keep: 2,
  passphrase: 'secret words',
  archiveWithin: 60,
};

const at = (hour: number) => Date.UTC(2026, 10, 25, hour) / 1_000;

function info(backups: readonly { label: string; hour: number; error?: boolean }[], status = { code: 0 }): string {
  return JSON.stringify([
    {
      status,
      backup: backups.map(({ label, hour, error = false }) => ({
        label,
        type: 'full',
        error,
        timestamp: { start: at(hour) - 60, stop: at(hour) },
        info: { size: 1_000 },
      })),
      archive: [{ id: '15-1', min: '0001', max: '0007' }],
    },
  ]);
}

describe('what pgBackRest says', () => {
  test('names the newest whole backup that had ended by a moment, never a faulty one', () => {
    const state = readPgbackrestInfo(
      info([
        { label: 'one', hour: 1 },
        { label: 'two', hour: 2 },
        { label: 'bad', hour: 3, error: true },
        { label: 'four', hour: 6 },
      ]),
    );
    expect(backupFor(state, new Date(at(5) * 1_000))?.label).toBe('two');
    expect(backupFor(state, new Date(at(1) * 1_000))?.label).toBe('one');
    expect(backupFor(state, new Date(at(0) * 1_000))).toBeNull();
    expect(pitrFaults(state, new Date(at(7) * 1_000), 26)).toEqual([
      'The backup bad holds damaged pages: nothing is restored from it. Make a full one.',
    ]);
  });

  test.each([
    ['no stanza', '[]', 'the repository has no stanza'],
    ['its own fault', info([], { code: 2, message: 'no valid backups' } as never), 'no valid backups'],
    ['an old backup', info([{ label: 'one', hour: 1 }]), 'is 47 h old'],
  ])('is a fault: %s', (_name, text, said) => {
    const faults = pitrFaults(readPgbackrestInfo(text), new Date(at(48) * 1_000), 26);
    expect(faults.join(' ')).toContain(said);
  });

  test('that is no JSON is told', () => {
    expect(() => readPgbackrestInfo('ERROR: [055]')).toThrow('ERROR: [055]');
  });
});

test('the configuration has retention, encryption and the server; a bucket instead of a folder', () => {
  const text = pgbackrestConf(plan);
  for (const line of ['repo1-path=/srv/pgbackrest', 'repo1-retention-full=2', 'repo1-cipher-type=aes-256-cbc'])
    expect(text.split('\n')).toContain(line);
  expect(text).toContain('[parley]\npg1-path=/var/lib/postgresql/15/main\npg1-port=5432\n');
  expect(pgbackrestConf({ ...plan, repository: 's3://bucket/pitr' })).toContain(
    'repo1-s3-bucket=bucket\nrepo1-path=/pitr',
  );
  expect(postgresConf(plan, '/etc/p.conf')).toContain(
    "archive_command = 'pgbackrest --config=/etc/p.conf --stanza=parley archive-push %p'",
  );
});
