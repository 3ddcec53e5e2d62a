import { CommandError } from '../failures.ts';

export async function runAsk(): Promise<void> {
  throw new CommandError('not there yet');
}
