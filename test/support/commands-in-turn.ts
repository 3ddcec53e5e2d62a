import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from './command.ts';
import { endWithTests } from './keeper.ts';
import { TEST_NODE } from './parley-process.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** One process that runs commands of `parley` one after another, all with the settings that it was started with. */
export type CommandsInTurn = AsyncDisposable & {
  /** As `runParley`, without the start of a process, which costs seconds. @throws Error when the process ends instead */
  run(args: readonly string[]): Promise<CommandResult>;
};

/** For tests of what commands do; that a process of its own does the same is for a few of them to show. */
export function commandsInTurn(settings: Record<string, string>): CommandsInTurn {
  const [node, ...flags] = TEST_NODE;
  const driver = spawn(node, [...flags, 'test/support/command-driver.ts'], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PARLEY_NO_ENV_FILE: 'true', ...settings },
  });
  endWithTests(driver);
  driver.stderr.pipe(process.stderr);
  const answers = createInterface({ input: driver.stdout })[Symbol.asyncIterator]();
  return {
    run: async (args) => {
      driver.stdin.write(`${JSON.stringify(args)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`parley ${args.join(' ')} ended the process.`);
      return JSON.parse(value) as CommandResult;
    },
    [Symbol.asyncDispose]: async () => {
      driver.kill('SIGKILL');
      if (driver.exitCode === null && driver.signalCode === null) await once(driver, 'exit');
    },
  };
}
