import { randomBytes } from 'node:crypto';
import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { clientWith, type ScratchClient } from '../scratch/scratch-client.ts';
import { saying } from '../scratch/stand-in-provider.ts';

export const backupRestored: ScratchCheck = {
  id: 'backup-restored',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title: 'A backup of everything is restored into an empty installation, which then serves the same',
  items: ['S1-97', 'S1-100', 'S3-74', 'S3-125', 'S1-129'],
  expected:
    '`parley backup --verify` and `parley restore latest` end well; sessions, messages and documents read the same; logins work',
  remedy: 'see docs/operate/backup-and-recovery.md',
  validDays: 30,
  run: async (workshop) => {
    const provider = await workshop.provider();
    provider.answer = saying('An answer to keep.');
    const shelf = {
      ...provider.settings,
      BACKUP_STORAGE: await workshop.folder(),
      BACKUP_SCHEDULE: 'never',
      SECRET_KEY: randomBytes(32).toString('base64url'),
    };
    const first = { ...shelf, DATA_DIR: await workshop.folder() };
    const server = await workshop.serve(first);
    const user = await server.login();
    const paths = await fillWith(user);
    const before = await contentsOf(user, paths);
    await server.stop();
    const faults: string[] = [];
    const made = await workshop.run(['backup', '--verify'], first);
    if (made.code !== 0) faults.push(`the backup ended with ${made.code}: ${made.err.slice(-300)}`);
    const start = performance.now();
    const second = { ...shelf, DATA_DIR: await workshop.folder() };
    const restored = await workshop.run(['restore', 'latest'], second);
    if (restored.code !== 0) faults.push(`the restore ended with ${restored.code}: ${restored.err.slice(-300)}`);
    if (faults.length > 0) return judge(faults, '', [sample('backup', made.out), sample('restore', restored.out)]);
    const other = await workshop.serve(second);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const after = await contentsOf(clientWith(other.url, user.token, workshop.signal), paths);
    paths.forEach((path, index) => {
      if (before[index] !== after[index]) faults.push(`${path} reads otherwise: ${after[index]?.slice(0, 100)}`);
    });
    const login = await other.ask('/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(server.credential),
    });
    if (login.status !== 200) faults.push(`a login answers ${login.status}`);
    return judge(faults, `${paths.length} things read the same; RTO ${seconds} s, start of the server included`, [
      sample('backup', made.out),
      sample('restore', restored.out),
    ]);
  },
};

async function fillWith(user: ScratchClient): Promise<readonly string[]> {
  const session = (await user.post<{ id: string }>('/v1/sessions', { title: 'To keep: äöü 漢字 🦉' })).id;
  for await (const _ of user.follow(await user.begin(session, 'What is kept?')));
  const document = await user.post<{ id: string }>('/v1/documents', {
    title: 'A document',
    content: 'Owls see in the dark.',
  });
  return [`/v1/sessions/${session}`, `/v1/sessions/${session}/messages`, `/v1/documents/${document.id}`];
}

/** Without what may still change by itself: a document that is being read, a time of use. */
async function contentsOf(user: ScratchClient, paths: readonly string[]): Promise<string[]> {
  const read = paths.map(async (path) =>
    (await user.ask(path)).text.replaceAll(
      /"(?:status|updated_at|last_activity|chunk_count|word_count|progress|language|pages?|ingested_at|ready_at|started_at|ended_at)":[^,}]*/g,
      '',
    ),
  );
  return Promise.all(read);
}
