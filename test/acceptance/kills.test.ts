import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { openInstalledServer, testDatabases } from '../support/databases.ts';
import { installInto } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { KillDrill, PHASES, wordyUpstream } from '../support/runs/kill-drill.ts';

/** For the long drill: KILLS=100 KILLS_EMBEDDED=20 KILL_SEED=… npx vitest run test/acceptance/kills.test.ts */
const KILLS = { server: Number(process.env.KILLS ?? PHASES.length), embedded: Number(process.env.KILLS_EMBEDDED ?? 1) };
const SEED = Number(process.env.KILL_SEED ?? 1);
const LEASE_MS = 1_500;
/** A start of the program and the end of a lease, on a machine that is busy with other tests. */
const KILL_MS = 60_000;

for (const { kind } of testDatabases()) {
  test(`${KILLS[kind]} kills of a server on the ${kind} database lose no event, double none, and every answer ends`, {
    timeout: 120_000 + KILLS[kind] * KILL_MS,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-kills-'));
    const db = kind === 'server' ? await openInstalledServer() : null;
    const credential = db?.credential ?? (await installInto(folder));
    const { upstream, progress } = await wordyUpstream();
    const settings = {
      ...RAISED_LIMITS,
      DATA_DIR: folder,
      OPENAI_BASE_URL: `${upstream.origin}/v1`,
      DEFAULT_MODEL: 'openai/fake',
      WORKER_LEASE_MS: String(LEASE_MS),
      ...(db?.url && { DATABASE_URL: db.url, SECRET_KEY: db.secret }),
    };
    const drill = new KillDrill(settings, SEED, progress);
    try {
      await Promise.all([drill.startReplica(), ...(db ? [drill.startReplica()] : [])]);
      await drill.login(credential);
      for (let kill = 0; kill < KILLS[kind]; kill += 1) {
        const phase = PHASES[kill % PHASES.length] ?? PHASES[0];
        await drill.killIn(phase, { alone: db === null, leaseMs: db ? LEASE_MS : 0 });
      }
      if (process.env.KILLS) {
        process.stderr.write(
          `${kind}: ended at most ${Math.max(...drill.recoveries).toFixed(0)} ms after they were free\n`,
        );
      }
    } finally {
      await drill.close();
      await upstream[Symbol.asyncDispose]();
      await db?.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
