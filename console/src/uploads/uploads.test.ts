import { expect, test, vi } from 'vitest';
import { ApiError } from '../api/problem.ts';
import type { DocumentEntry } from '../api/types.ts';
import { createUploads } from './uploads.ts';

type Sending = {
  name: string;
  signal: AbortSignal;
  onProgress: (fraction: number) => void;
} & PromiseWithResolvers<DocumentEntry>;

function start() {
  const sending: Sending[] = [];
  const onSent = vi.fn();
  const uploads = createUploads({
    onSent,
    send: (file, { signal, onProgress }) => {
      const resolvers = Promise.withResolvers<DocumentEntry>();
      signal.addEventListener('abort', () => resolvers.reject(signal.reason));
      sending.push({ name: file.name, signal, onProgress, ...resolvers });
      return resolvers.promise;
    },
  });
  const states = () => uploads.list().map(({ file, state }) => `${file.name} ${state}`);
  return { uploads, sending, onSent, states };
}

const files = (...names: string[]) => names.map((name) => new File(['text'], name));
const document = {} as DocumentEntry;

test('two files are sent at once, the next when one is through', async () => {
  const { uploads, sending, onSent, states } = start();
  uploads.add(files('a', 'b', 'c'));
  expect(states()).toEqual(['a sending', 'b sending', 'c waiting']);
  sending[0]?.resolve(document);
  await expect.poll(states).toEqual(['b sending', 'c sending']);
  expect(onSent).toHaveBeenCalledOnce();
});

test('a file that is refused keeps its reason, stops no other, and can be tried again', async () => {
  const { uploads, sending, states } = start();
  uploads.add(files('bad', 'good', 'last'));
  sending[0]?.reject(new ApiError(415, { detail: 'Programs cannot be read.' }));
  await expect.poll(states).toEqual(['bad failed', 'good sending', 'last sending']);
  expect(uploads.list()[0]?.error?.message).toBe('Programs cannot be read.');
  sending[1]?.resolve(document);
  await expect.poll(states).toEqual(['bad failed', 'last sending']);
  uploads.retry(uploads.list()[0]?.id ?? 0);
  expect(states()).toEqual(['bad sending', 'last sending']);
});

test('each file has its own progress', () => {
  const { uploads, sending } = start();
  uploads.add(files('a', 'b'));
  sending[1]?.onProgress(0.5);
  expect(uploads.list().map(({ progress }) => progress)).toEqual([0, 0.5]);
});

test('a file that is dismissed is no longer sent, and the next one takes its place', async () => {
  const { uploads, sending, states } = start();
  uploads.add(files('a', 'b', 'c'));
  uploads.dismiss(uploads.list()[0]?.id ?? 0);
  expect(sending[0]?.signal.aborted).toBe(true);
  await expect.poll(states).toEqual(['b sending', 'c sending']);
});

test('whoever signs in next finds nothing of them, and nothing is sent for somebody who is gone', () => {
  const { uploads, sending } = start();
  uploads.add(files('a', 'b', 'c'));
  uploads.clear();
  expect(uploads.list()).toEqual([]);
  expect(sending.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(sending).toHaveLength(2);
});
