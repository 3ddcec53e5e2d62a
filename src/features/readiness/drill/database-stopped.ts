import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import { logFaults, type StreamEvent, saidIn } from '../scratch/scratch-client.ts';
import { jsonOf } from '../target.ts';

const WORDS = ['Half ', 'is ', 'said ', 'before ', 'it ', 'stops, ', 'half ', 'after.'];
const HALF = WORDS.slice(0, 4).join('');

export const databaseStopped: ScratchCheck = {
  id: 'database-stopped',
  kind: 'drill',
  category: 'reliability',
  weight: 'blocker',
  title:
    'A database that stops in mid-answer and comes back delays the answer and loses none of it; health tells the truth meanwhile',
  items: ['S1-31', 'S1-41', 'S1-42', 'S1-145', 'S3-72', 'S3-18'],
  expected:
    '/ready 503 and /health unhealthy while it is away, /health/live 200; then ready again, and the answer whole',
  remedy: 'see the log of the server; DATABASE_POOL_TIMEOUT_MS says how long requests wait',
  validDays: 30,
  run: async (workshop) => {
    const [postgres, provider] = [await workshop.postgres(), await workshop.provider()];
    const goOn = Promise.withResolvers<void>();
    provider.answer = async (turn) => {
      const rest = turn.partial.includes(HALF.trimEnd()) ? WORDS.slice(4) : WORDS;
      for (const word of rest) {
        if (word === WORDS[4]) await goOn.promise;
        turn.say(word);
      }
      turn.end();
    };
    const settings = { ...provider.settings, DATABASE_URL: postgres.url, DATA_DIR: await workshop.folder() };
    const migrated = await workshop.run(['migrate', 'up'], settings);
    if (migrated.code !== 0)
      throw new Error(`parley migrate up ended with ${migrated.code}: ${migrated.err.slice(-300)}`);
    const server = await workshop.serve(settings);
    const user = await server.login();
    const run = await user.begin(await user.newSession(), 'Go on');
    const seen: StreamEvent[] = [];
    const read = (async () => {
      for await (const event of user.follow(run)) seen.push(event);
    })().catch(() => undefined);
    await until('half of the answer', () => saidIn(seen) === HALF, workshop.within(60));
    await postgres.stop();
    const faults: string[] = [];
    const away = await until(
      '/ready 503',
      async () => {
        const answer = await server.ask('/ready');
        return answer.status === 503 && answer;
      },
      workshop.within(20),
    );
    const health = await server.ask('/health');
    if (health.status !== 503 || jsonOf(health)?.database !== 'failed')
      faults.push(`/health says ${health.text.slice(0, 120)}`);
    const live = await server.ask('/health/live');
    if (live.status !== 200)
      faults.push(`/health/live answers ${live.status}: the process would be killed for nothing`);
    goOn.resolve();
    await postgres.start();
    const back = performance.now();
    await until('/ready 200', async () => (await server.ask('/ready')).status === 200, workshop.within(60));
    const readyAfter = ((performance.now() - back) / 1_000).toFixed(1);
    await until(
      'the end of the run',
      async () => {
        const { status } = await user.get<{ status: string }>(`/v1/runs/${run}`);
        return status !== 'running' && status !== 'queued';
      },
      workshop.within(90),
    );
    await read;
    const whole = await Array.fromAsync(user.follow(run));
    faults.push(...logFaults(whole, WORDS.join('')));
    if (JSON.stringify(whole.slice(0, seen.length)) !== JSON.stringify(seen))
      faults.push('what was seen before differs from what is kept');
    return judge(faults, `ready ${readyAfter} s after the database was back; 0 of ${whole.length} events lost`, [
      sample('/ready while it was away', away.text),
      sample('events', whole.map((event) => JSON.stringify(event)).join('\n')),
    ]);
  },
};
