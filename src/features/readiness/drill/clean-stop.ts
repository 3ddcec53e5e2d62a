import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { until } from '../scratch/program.ts';
import { logFaults, type StreamEvent, saidIn } from '../scratch/scratch-client.ts';

export const cleanStop: ScratchCheck = {
  id: 'clean-stop',
  kind: 'drill',
  category: 'reliability',
  weight: 'major',
  title: 'A server that is told to stop lets its answers end, takes no new ones, and ends with 0',
  items: ['S3-118', 'S3-83'],
  expected: 'the stream ends whole; /ready is not 200 meanwhile; exit code 0',
  remedy: 'SHUTDOWN_TIMEOUT_MS must be shorter than what the service manager allows',
  validDays: 90,
  run: async (workshop) => {
    const provider = await workshop.provider();
    const goOn = Promise.withResolvers<void>();
    provider.answer = async (turn) => {
      turn.say('Before. ');
      await goOn.promise;
      turn.say('After.');
      turn.end();
    };
    const server = await workshop.serve(provider.settings);
    const user = await server.login();
    const run = await user.begin(await user.newSession(), 'Go on');
    const seen: StreamEvent[] = [];
    const read = (async () => {
      for await (const event of user.follow(run)) seen.push(event);
    })().then(
      () => null,
      (error: Error) => error.message,
    );
    await until('the first words', () => saidIn(seen) === 'Before. ', workshop.within(30));
    const stopped = server.stop();
    // Awaited below, unless something else fails before.
    stopped.catch(() => undefined);
    const faults: string[] = [];
    const ready = await until(
      '/ready is not 200',
      async () => {
        // Whether it says so or takes no connections any more: a balancer goes elsewhere.
        const status = await server.ask('/ready').then(
          (answer) => answer.status,
          () => 'refused',
        );
        return status !== 200 && String(status);
      },
      workshop.within(15),
    );
    goOn.resolve();
    const broken = await read;
    if (broken !== null) faults.push(`the stream broke: ${broken}`);
    faults.push(...logFaults(seen, 'Before. After.'));
    const code = await stopped;
    if (code !== 0) faults.push(`the exit code is ${code}`);
    return judge(faults, `the stream ended whole, /ready ${ready} meanwhile, exit code 0`, [
      sample('output', server.output()),
    ]);
  },
};
