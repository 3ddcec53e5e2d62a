import { CommandError } from '../failures.ts';

export async function runIngest(): Promise<void> {
  throw new CommandError('not there yet');
}
