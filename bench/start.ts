import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startParley } from './support/parley.ts';
import type { Row } from './support/report.ts';

const SETTLE_MS = 20_000;
const MEBIBYTE = 1024 * 1024;

/** The first start with migrations and shipped documents, a later one, and what the idle server holds. */
export async function measureStart(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  try {
    const first = await startParley({ DATA_DIR: folder });
    await setTimeout(SETTLE_MS);
    await first.stop();
    const later = await startParley({ DATA_DIR: folder });
    await setTimeout(SETTLE_MS);
    const idle = await later.memory();
    await later.stop();
    return [
      { what: 'first start until /ready, s', ours: first.readyAfter / 1000, goal: '< 15' },
      { what: 'start with an existing database until /ready, s', ours: later.readyAfter / 1000, goal: '< 3' },
      { what: 'memory of the idle server, MiB', ours: idle / MEBIBYTE, goal: '< 400' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
