import { expect, test } from 'vitest';
import {
  citation,
  part,
  RUN_ID,
  reset,
  runEnd,
  runLog,
  SESSION_ID,
  said,
  usage,
} from '../../../test/support/run-log.ts';
import type { LoggedEvent, RunEvent } from '../../features/chat/index.ts';
import { RunFrames } from './run-frames.ts';

const retrieval: RunEvent = {
  type: 'retrieval',
  query: 'q',
  route: 'factual',
  strategy: 'hybrid',
  hits: [{ chunk_id: 'c', document_id: 'd', title: 't', score: 1 }],
};
const log = runLog(
  retrieval,
  part('text-start'),
  said('Hel'),
  said('lo'),
  part('text-end'),
  usage,
  runEnd('completed', 'Hello'),
);

/** One event a batch, with a clock that moves 10 ms with each. */
function framesOf(events: readonly LoggedEvent[], after = 0, measured = true) {
  let now = 0;
  const rendering = new RunFrames({ runId: RUN_ID, after, clock: measured ? () => now : null });
  return events.flatMap((event) => {
    now += 10;
    return rendering.add([event]);
  });
}

test('a run is told as start, stream, complete and metrics, each with its place', () => {
  expect(framesOf(log)).toMatchObject([
    { type: 'start', run_id: RUN_ID, session_id: SESSION_ID, seq: 1 },
    { type: 'stream', content: 'Hel', seq: 4 },
    { type: 'stream', content: 'lo', seq: 5 },
    {
      type: 'complete',
      status: 'completed',
      response: 'Hello',
      retrieved_docs: 1,
      metadata: { retrieved_docs_count: 1, query_type: 'factual' },
      session_id: SESSION_ID,
      seq: 8,
    },
    { type: 'metrics', retrieval_time_ms: 10, ttfb_ms: 30, llm_time_ms: 60, retrieved_docs_count: 1 },
  ]);
});

test('deltas that come together are one frame, with the place of the last', () => {
  const frames = new RunFrames({ runId: RUN_ID, after: 0, clock: null }).add(log);
  expect(frames.filter(({ type }) => type === 'stream')).toEqual([
    { type: 'stream', content: 'Hello', run_id: RUN_ID, seq: 5 },
  ]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7])(
  'from behind event %i on there comes what is missing, and no time that was not measured',
  (after) => {
    const all = framesOf(log, 0, false);
    expect(framesOf(log, after, false)).toEqual(all.filter((frame) => 'seq' in frame && Number(frame.seq) > after));
    const joined = new RunFrames({ runId: RUN_ID, after, clock: null }).add(log);
    const text = (frames: readonly object[]) =>
      frames.map((frame) => ('content' in frame ? frame.content : '')).join('');
    expect(text(joined)).toBe(text(framesOf(log, after, false)));
  },
);

test('what is taken back is named, and a citation is part of the whole', () => {
  const restarted = runLog(
    part('text-start'),
    said('wro'),
    reset(),
    said('right'),
    citation(0, 5),
    runEnd('cancelled', 'right'),
  );
  expect(framesOf(restarted)).toMatchObject([
    { type: 'start' },
    { type: 'stream', content: 'wro' },
    { type: 'reset', reason: 'lost', seq: 4 },
    { type: 'stream', content: 'right' },
    { type: 'complete', status: 'cancelled', response: 'right' },
    { type: 'metrics' },
  ]);
});

test('a failure is an error in the words of older clients, without a provider’s text', () => {
  expect(framesOf(runLog(said('Hel'), runEnd('failed'))).slice(2)).toMatchObject([
    { type: 'error', error_code: 'openai_api_error', code: 'ERR_RUN_004', message: 'The model took too long.', seq: 3 },
    { type: 'metrics', retrieval_time_ms: null },
  ]);
});
