import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ScratchCheck } from '../check.ts';
import { judge, MissingPieceError, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import { clientWith } from '../scratch/scratch-client.ts';
import type { ScratchServer } from '../scratch/scratch-server.ts';
import type { Workshop } from '../scratch/workshop.ts';

const run = promisify(execFile);
const DISK_MB = 400;

export const diskFull: ScratchCheck = {
  id: 'disk-full',
  kind: 'drill',
  category: 'reliability',
  weight: 'major',
  title: 'A full disk is told before it is full, loses nothing that was acknowledged, and with room again all is well',
  items: ['S1-145', 'S3-66', 'S1-42'],
  expected:
    '/ready 503 with the disk named while there is little room; no acknowledged session lost; served again after room was made, by a restart at most',
  remedy: 'see docs/operate/runbook.md, ParleyDiskFull',
  validDays: 90,
  run: async (workshop, signal) => {
    const disk = await smallDisk(workshop);
    const settings = { DATA_DIR: join(disk, 'data') };
    let server = await workshop.serve(settings);
    const user = await server.login();
    const kept = [await user.newSession()];
    const faults: string[] = [];
    const filler = join(disk, 'filler');
    await fill(filler, disk, 20);
    const told = await until(
      '/ready tells of the disk',
      async () => {
        const answer = await server.ask('/ready');
        return answer.status === 503 && answer.text.includes('"disk":"failed"') && answer;
      },
      workshop.within(20),
    );
    await fill(filler, disk, 0);
    // Whatever becomes of these: what is acknowledged must last.
    for (let count = 0; count < 40; count += 1) {
      const made = await user
        .ask('/v1/sessions', { method: 'POST', body: { title: 'x'.repeat(200) } })
        .catch(() => null);
      if (made?.status === 201) kept.push((JSON.parse(made.text) as { id: string }).id);
    }
    await rm(filler);
    const restarted = !(await isServing(server));
    if (restarted) {
      await server.kill();
      server = await workshop.serve(settings);
    }
    await until(
      '/ready 200 with room again',
      async () => (await server.ask('/ready').catch(() => null))?.status === 200,
      workshop.within(30),
    );
    const again = clientWith(server.url, user.token, signal);
    const lost: string[] = [];
    for (const id of kept) if ((await again.ask(`/v1/sessions/${id}`)).status !== 200) lost.push(id);
    if (lost.length > 0) faults.push(`${lost.length} of ${kept.length} acknowledged sessions are lost`);
    await again.newSession();
    return judge(
      faults,
      `0 of ${kept.length} acknowledged sessions lost; ${restarted ? 'a restart was needed' : 'no restart was needed'}`,
      [sample('/ready', told.text)],
    );
  },
};

/** A disk of its own, in memory. @throws MissingPieceError where this process may not mount one */
async function smallDisk(workshop: Workshop): Promise<string> {
  const folder = await workshop.folder();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0700`, 'tmpfs', folder]);
  } catch {
    throw new MissingPieceError('a small disk cannot be mounted here: it needs root on Linux');
  }
  workshop.defer(async () => {
    await run('umount', ['-l', folder]);
  });
  return folder;
}

/** Leaves so many MB. */
async function fill(file: string, disk: string, leave: number): Promise<void> {
  const block = Buffer.alloc(1024 * 1024, 1);
  for (;;) {
    const { bavail, bsize } = await statfs(disk);
    const free = Math.floor((bavail * bsize) / block.length);
    if (free <= leave) return;
    try {
      await writeFile(file, Buffer.alloc(Math.min(free - leave, 64) * block.length, 1), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

async function isServing(server: ScratchServer): Promise<boolean> {
  const answer = await server.ask('/health').catch(() => null);
  return answer?.text.includes('"database":"ok"') ?? false;
}
