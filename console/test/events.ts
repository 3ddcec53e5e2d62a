import type { Citation, Message, RunEvent } from '../src/api/types.ts';

type Unnumbered = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'seq' | 'run_id'>
    : never
  : never;

/** Events in their places, from 1 on. */
export function logged(events: readonly Unnumbered[], runId = 'run-1'): RunEvent[] {
  return events.map((event, index) => ({ ...event, seq: index + 1, run_id: runId }) as RunEvent);
}

export function citationOf(change: Partial<Citation> = {}): Citation {
  return {
    part_id: 'text-1',
    chunk_id: 'chunk-1',
    document_id: 'document-1',
    title: 'Lighthouse',
    quote: 'It is 41 m tall.',
    span: { start: 0, end: 16 },
    answer_span: { start: 0, end: 16 },
    supported: true,
    heading_path: [],
    page: null,
    number: 1,
    ...change,
  };
}

export function storedAnswer(parts: Message['parts'], change: Partial<Message> = {}): Message {
  return {
    id: 'message-1',
    session_id: 'session-1',
    role: 'assistant',
    parts,
    content: '',
    status: 'complete',
    run_id: 'run-1',
    created_at: '2026-01-01T00:00:00Z',
    ...change,
  };
}

/** The events of a short answer in three deltas. */
export function shortAnswer(): RunEvent[] {
  return logged([
    { type: 'run-start', session_id: 'session-1', message_id: 'message-1', model: 'extractive', attempt: 1 },
    { type: 'text-start', part_id: 'text-1' },
    { type: 'text-delta', part_id: 'text-1', delta: 'One, ' },
    { type: 'text-delta', part_id: 'text-1', delta: 'two, ' },
    { type: 'text-delta', part_id: 'text-1', delta: 'three.' },
    { type: 'text-end', part_id: 'text-1' },
    { type: 'run-end', status: 'completed', message: storedAnswer([{ type: 'text', text: 'One, two, three.' }]) },
  ]);
}
