import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stubBrowser } from '../../test/browser-globals.ts';
import { logged, shortAnswer } from '../../test/events.ts';
import { eventStream, type FakeRequest, fakeApi, json, signedInStorage } from '../../test/fake-api.ts';
import { textOf } from './answer.ts';
import { createLiveRuns, type LiveRun } from './live-runs.ts';

const ASK = '/v1/sessions/s1/runs';
const EVENTS = '/v1/runs/run-1/events';

beforeEach(() => {
  signedInStorage(stubBrowser());
  // Waiting to reconnect ends at once, as when the browser says that it is online again.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 50 });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function start(options: { stored?: boolean } = {}) {
  const seen: LiveRun[] = [];
  const ended: string[] = [];
  const runs = createLiveRuns({
    onStarted: () => {},
    onEnded: async (sessionId) => {
      ended.push(sessionId);
      return options.stored ?? true;
    },
  });
  runs.subscribe(() => {
    const run = runs.get('s1');
    if (run) seen.push(run);
  });
  return { runs, seen, ended, gone: () => expect.poll(() => runs.get('s1')).toBeNull() };
}

const byPath =
  (answers: Record<string, (request: FakeRequest) => Response | 'unreachable'>) => (request: FakeRequest) =>
    answers[request.path]?.(request) ?? json(404, { detail: `nothing at ${request.path}` });

describe('an answer being written', () => {
  test('is followed to its end and goes when the stored messages are there', async () => {
    fakeApi(byPath({ [ASK]: () => eventStream(shortAnswer()) }));
    const { runs, seen, ended, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect(ended).toEqual(['s1']);
    expect(textOf(seen.at(-1)?.answer.parts ?? [])).toBe('One, two, three.');
    expect(seen[0]).toMatchObject({ question: 'Count', phase: 'starting' });
  });

  test('that ended while nobody was connected, all of it seen, is over: it is not asked for again and again', async () => {
    let asked = 0;
    const cut = shortAnswer().slice(0, -1);
    const over = () => {
      asked += 1;
      return new Response(null, { status: 204 });
    };
    fakeApi(byPath({ [ASK]: () => eventStream(cut), [EVENTS]: over }));
    const { runs, ended, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect([asked, ended]).toEqual([1, ['s1']]);
  });

  test('stays when the stored messages cannot be read, and makes room for the next question', async () => {
    fakeApi(byPath({ [ASK]: () => eventStream(shortAnswer()) }));
    const { runs, ended } = start({ stored: false });
    runs.start('s1', 'Count');
    await expect.poll(() => ended).toEqual(['s1']);
    expect(runs.get('s1')).toMatchObject({ phase: 'ended', question: 'Count' });
    runs.start('s1', 'Count again');
    expect(runs.get('s1')?.question).toBe('Count again');
  });

  test('goes on after a broken connection from the last event seen, without asking again', async () => {
    const events = shortAnswer();
    const asked = fakeApi(
      byPath({
        [ASK]: () => eventStream(events.slice(0, 3), 'breaks'),
        [EVENTS]: ({ after }) =>
          after === 3 ? eventStream(events.slice(3, 5), 'breaks') : eventStream(events.slice(after ?? 0)),
      }),
    );
    const { runs, seen, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect(asked.map(({ method, path, after }) => [method, path, after])).toEqual([
      ['POST', ASK, null],
      ['GET', EVENTS, 3],
      ['GET', EVENTS, 5],
    ]);
    expect(seen.some(({ phase }) => phase === 'waiting')).toBe(true);
    expect(textOf(seen.at(-1)?.answer.parts ?? [])).toBe('One, two, three.');
  });

  test('waits out a server that is away', async () => {
    const events = shortAnswer();
    let away = 3;
    fakeApi(
      byPath({
        [ASK]: () => eventStream(events.slice(0, 2), 'breaks'),
        [EVENTS]: () => {
          away -= 1;
          if (away > 1) return 'unreachable';
          return away === 1 ? json(503, { detail: 'starting' }) : eventStream(events.slice(2));
        },
      }),
    );
    const { runs, ended, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect(ended).toEqual(['s1']);
  });

  test('is asked for once, however often the question has to be sent', async () => {
    let tries = 0;
    const asked = fakeApi(
      byPath({
        [ASK]: () => {
          tries += 1;
          if (tries === 1) return 'unreachable';
          return tries === 2 ? json(503, { detail: 'not ready' }) : eventStream(shortAnswer());
        },
      }),
    );
    const { runs, seen, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1);
    expect(seen.some(({ phase }) => phase === 'unsent')).toBe(true);
  });

  test('is followed when the connection breaks between the start and the first event', async () => {
    const begun = eventStream([], 'breaks');
    begun.headers.set('x-run-id', 'run-1');
    fakeApi(byPath({ [ASK]: () => begun, [EVENTS]: () => eventStream(shortAnswer()) }));
    const { runs, seen, gone } = start();
    runs.start('s1', 'Count');
    await gone();
    expect(textOf(seen.at(-1)?.answer.parts ?? [])).toBe('One, two, three.');
  });

  test('that was found under way is shown from its beginning', async () => {
    const asked = fakeApi(byPath({ [EVENTS]: ({ after }) => eventStream(shortAnswer().slice(after ?? 0)) }));
    const { runs, seen, gone } = start();
    runs.resume('s1', 'run-1');
    await gone();
    expect(asked.map(({ after }) => after)).toEqual([0]);
    expect(seen[0]?.question).toBeNull();
  });
});

describe('a question that fails', () => {
  test('is kept with the reason when the server refuses it', async () => {
    fakeApi(byPath({ [ASK]: () => json(429, { detail: 'Too many requests.', code: 'ERR_LIMIT_001' }) }));
    const { runs } = start();
    runs.start('s1', 'Count');
    await expect.poll(() => runs.get('s1')?.phase).toBe('failed');
    expect(runs.get('s1')).toMatchObject({ question: 'Count', error: { status: 429, message: 'Too many requests.' } });
  });

  test('is kept when the server stays not ready', async () => {
    const asked = fakeApi(byPath({ [ASK]: () => json(503, { detail: 'The tenant is not ready.' }) }));
    const { runs } = start();
    runs.start('s1', 'Count');
    await expect.poll(() => runs.get('s1')?.phase, { timeout: 20_000 }).toBe('failed');
    expect(runs.get('s1')?.error?.message).toBe('The tenant is not ready.');
    expect(asked).toHaveLength(5);
  });

  test('is given up when it is stopped while there is no connection, and is the same question when asked again', async () => {
    const asked = fakeApi(byPath({ [ASK]: () => (asked.length > 1 ? eventStream(shortAnswer()) : 'unreachable') }));
    const { runs, gone } = start();
    runs.start('s1', 'Count');
    await expect.poll(() => runs.get('s1')?.phase).toBe('unsent');
    runs.stop('s1');
    expect(runs.get('s1')).toMatchObject({ phase: 'failed', question: 'Count', error: { status: 0 } });
    runs.start('s1', 'Count');
    await gone();
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1);
  });

  test('can be asked again', async () => {
    let refused = false;
    fakeApi(
      byPath({
        [ASK]: () => {
          if (refused) return eventStream(shortAnswer());
          refused = true;
          return json(500, { detail: 'Oh' });
        },
      }),
    );
    const { runs, gone } = start();
    runs.start('s1', 'Count');
    await expect.poll(() => runs.get('s1')?.phase).toBe('failed');
    runs.start('s1', 'Count');
    await gone();
  });

  test('of a run that failed stays to say why', async () => {
    const error = { code: 'ERR_RUN_001', detail: 'The model could not be reached.' };
    const events = [
      ...shortAnswer().slice(0, 3),
      ...logged([{ type: 'run-end', status: 'failed', error, message: null }]),
    ];
    fakeApi(byPath({ [ASK]: () => eventStream(events.map((event, index) => ({ ...event, seq: index + 1 }))) }));
    const { runs } = start();
    runs.start('s1', 'Count');
    await expect.poll(() => runs.get('s1')?.phase).toBe('failed');
    expect(runs.get('s1')?.answer.fault).toEqual(error);
  });
});

describe('stopping', () => {
  test('before the run has an id is done as soon as it has one', async () => {
    const cancelled: string[] = [];
    const first = Promise.withResolvers<Response>();
    fakeApi(({ path }) => {
      if (path === ASK) return first.promise;
      cancelled.push(path);
      return json(202, {});
    });
    const { runs, gone } = start();
    runs.start('s1', 'Count');
    runs.stop('s1');
    expect(cancelled).toEqual([]);
    first.resolve(eventStream(shortAnswer()));
    await gone();
    expect(cancelled).toEqual(['/v1/runs/run-1/cancel']);
  });

  test('twice asks once', async () => {
    const asked = fakeApi(({ path }) => (path === EVENTS ? new Promise<Response>(() => {}) : json(202, {})));
    const { runs } = start();
    runs.resume('s1', 'run-1');
    runs.stop('s1');
    runs.stop('s1');
    await expect.poll(() => asked.filter(({ path }) => path.endsWith('/cancel')).length).toBe(1);
    runs.release();
    expect(runs.get('s1')).toBeNull();
  });
});
