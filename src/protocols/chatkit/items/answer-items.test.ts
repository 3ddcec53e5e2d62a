import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attachment, ChatKitIcon, UserMessageContent, Widgets } from '@openai/chatkit';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  citation,
  MESSAGE_ID,
  part,
  reset,
  runEnd,
  runLog,
  SESSION_ID,
  said,
  stepEnd,
} from '../../../../test/support/run-log.ts';
import type { MessagePart, RunEvent } from '../../../features/chat/index.ts';
import type { AttachmentView, ThreadEvent, ThreadItem, UserPart, Widget } from '../wire.ts';
import { eventsOfParts } from './answer-event.ts';
import { AnswerItems } from './answer-items.ts';
import { SKIPPED } from './tool-view.ts';

const IDENTITY = { id: MESSAGE_ID, session_id: SESSION_ID };

/** What a client is told of a log, and what it finds later. */
function rendered(...log: readonly RunEvent[]): { told: ThreadEvent[]; items: readonly ThreadItem[] } {
  const answer = new AnswerItems(IDENTITY);
  const told = runLog(...log).flatMap((event) => [...answer.add(event)]);
  return { told, items: answer.items() };
}

function kept(parts: readonly MessagePart[]): readonly ThreadItem[] {
  const answer = new AnswerItems(IDENTITY);
  for (const event of eventsOfParts(parts)) answer.add(event);
  answer.end();
  return answer.items();
}

/** The items that a client holds after the events, as ChatKit's page does it. */
function held(events: readonly ThreadEvent[]): ThreadItem[] {
  const items = new Map<string, ThreadItem>();
  for (const event of events) {
    if (event.type === 'thread.item.added' || event.type === 'thread.item.done') items.set(event.item.id, event.item);
    if (event.type === 'thread.item.removed') items.delete(event.item_id);
  }
  return [...items.values()];
}

const call = (id: string, name = 'search_documents', more: object = {}): RunEvent => ({
  type: 'tool-call',
  tool_call: { id, name, input: { query: id } },
  executor: 'server',
  ...more,
});
const result = (id: string, output: unknown): RunEvent => ({ type: 'tool-result', tool_call_id: id, output });
const types = (events: readonly ThreadEvent[]) =>
  events.map((event) => (event.type === 'thread.item.updated' ? event.update.type.split('.').at(-1) : event.type));

describe('an answer as items', () => {
  test('tools of the server are one workflow, until text begins', () => {
    const found = [
      { title: 'Ferns', document_id: 'd1' },
      { title: 'Ferns', document_id: 'd1' },
    ];
    const { told, items } = rendered(
      call('a'),
      call('b', 'look_at.clock'),
      result('a', { data: found }),
      { type: 'tool-result', tool_call_id: 'b', error: 'No clock.' },
      part('text-start'),
      said('It is late.'),
      part('text-end'),
      stepEnd(),
      runEnd('completed', 'It is late.'),
    );
    expect(types(told)).toEqual([
      'thread.item.added',
      'added',
      'added',
      'updated',
      'updated',
      'thread.item.done',
      'thread.item.added',
      'added',
      'text_delta',
      'done',
      'thread.item.done',
    ]);
    expect(items[0]).toMatchObject({
      id: `wf_${MESSAGE_ID}_1`,
      workflow: {
        type: 'custom',
        expanded: false,
        summary: { title: 'Used 2 tools' },
        tasks: [
          {
            type: 'file',
            title: 'Search documents',
            sources: [{ type: 'file', title: 'Ferns', filename: 'Ferns' }],
            status_indicator: 'complete',
          },
          { type: 'custom', title: 'Look at clock', content: 'No clock.', status_indicator: 'complete' },
        ],
      },
    });
    expect(held(told)).toEqual(items);
  });

  test('what is kept gives the items that were streamed, with the same ids and times', () => {
    const parts: MessagePart[] = [
      { type: 'text', part_id: 'text-1', text: 'First.' },
      citation(0, 5),
      { type: 'tool-call', tool_call: { id: 'a', name: 'read_cart', input: {} }, executor: 'client' },
      { type: 'tool-result', tool_call_id: 'a', output: { widget: { type: 'Card', id: null, children: [] } } },
      {
        type: 'tool-call',
        tool_call: { id: 'b', name: 'wipe', input: { all: true } },
        executor: 'server',
        needs_approval: true,
      },
      { type: 'tool-approval', tool_call_id: 'b', approved: true },
      { type: 'tool-result', tool_call_id: 'b', output: 'ok' },
      { type: 'text', part_id: 'text-2', text: 'Second.' },
    ];
    const { told } = rendered(
      part('text-start'),
      said('Fir'),
      said('st.'),
      part('text-end'),
      citation(0, 5),
      { ...parts[2] } as RunEvent,
      { type: 'run-wait', tool_call_ids: ['a'], until: '2026-01-02T00:00:00.000Z' },
      { type: 'run-resume', attempt: 2 },
      { ...parts[3] } as RunEvent,
      { ...parts[4] } as RunEvent,
      { type: 'run-wait', tool_call_ids: ['b'], until: '2026-01-02T00:00:00.000Z' },
      { ...parts[5] } as RunEvent,
      { ...parts[6] } as RunEvent,
      part('text-start', 'text-2'),
      said('Second.', 'text-2'),
      stepEnd(),
      runEnd('completed', 'First.Second.'),
    );
    const items = kept(parts);
    expect(items.map(({ type }) => type)).toEqual([
      'assistant_message',
      'client_tool_call',
      'widget',
      'structured_input',
      'workflow',
      'assistant_message',
    ]);
    expect(held(told).map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    expect(new Set(items.map(({ created_at }) => created_at)).size).toBe(1);
    expect(items[3]).toMatchObject({
      status: 'answered',
      inputs: [
        { id: 'b', question: 'Allow “Wipe” with {"all":true}?', answer: { values: ['Approve'], skipped: false } },
      ],
    });
    // Those that a client answered are told when they are answered, so that only the others are the same.
    const same = (item: ThreadItem) => item.type !== 'client_tool_call' && item.type !== 'structured_input';
    expect(held(told).filter(same)).toEqual(items.filter(same));
  });

  test('of several calls that are waited for, none is shown as running or twice', () => {
    const asks = (id: string) => call(id, 'wipe', { needs_approval: true });
    const approval = (id: string) => ({ type: 'tool-approval' as const, tool_call_id: id, approved: true });
    const wait = (...ids: string[]): RunEvent => ({
      type: 'run-wait',
      tool_call_ids: ids,
      until: '2026-01-02T00:00:00Z',
    });
    const before = [asks('a'), asks('b'), call('c'), result('c', 'read'), wait('a', 'b')];
    // The first was allowed, which no worker has taken up yet.
    const between = new AnswerItems(IDENTITY);
    for (const event of [...before, approval('a')]) between.add(event);
    expect(types(between.showWaiting())).toEqual(['thread.item.done']);
    expect(between.items().map(({ type }) => type)).toEqual(['workflow', 'structured_input', 'structured_input']);

    const after = [approval('a'), approval('b'), result('a', 'done'), result('b', 'done'), stepEnd()];
    const next = [call('d'), result('d', 'read'), part('text-start', 'text-2'), said('Ready.', 'text-2'), stepEnd()];
    const { told } = rendered(...before, ...after, ...next, runEnd('completed', 'Ready.'));
    const parts = [...before, ...after, ...next].filter(({ type }) => type.startsWith('tool-')) as MessagePart[];
    const items = kept([...parts, { type: 'text', part_id: 'text-2', text: 'Ready.' }]);
    const same = (item: ThreadItem) => item.type !== 'structured_input';
    expect(held(told).filter(same)).toEqual(items.filter(same));
    const titles = items.flatMap((item) =>
      item.type === 'workflow'
        ? [item.workflow.tasks.map(({ title, status_indicator }) => `${title} ${status_indicator}`)]
        : [],
    );
    expect(titles).toEqual([
      ['Search documents complete'],
      ['Wipe complete', 'Wipe complete', 'Search documents complete'],
    ]);
  });

  test('what is not complete is no item yet', () => {
    const answer = new AnswerItems(IDENTITY);
    for (const event of [part('text-start'), said('Look: '), stepEnd(), call('a')]) answer.add(event);
    expect(answer.items().map(({ type }) => type)).toEqual(['assistant_message']);
    answer.add(result('a', 'read'));
    answer.add(part('text-start', 'text-2'));
    answer.add(said('It', 'text-2'));
    expect(answer.items().map(({ type }) => type)).toEqual(['assistant_message', 'workflow']);
    answer.end();
    expect(answer.items()).toHaveLength(3);
  });

  test('an answer that starts again takes back what was shown', () => {
    const { told, items } = rendered(
      part('text-start'),
      said('wrong'),
      reset(),
      said('right'),
      stepEnd(),
      runEnd('completed', 'right'),
    );
    expect(types(told)).toContain('thread.item.removed');
    expect(items).toMatchObject([{ id: `msg_${MESSAGE_ID}`, content: [{ text: 'right' }] }]);
    expect(held(told)).toEqual(items);
    const late = rendered(said('wrong'), stepEnd(), reset(), said('right'), runEnd('completed', 'right'));
    expect(held(late.told)).toEqual(late.items);
    expect(late.items).toHaveLength(1);
  });

  test('a refused call is shown as declined, and its question as answered', () => {
    const items = kept([
      { type: 'tool-call', tool_call: { id: 'b', name: 'wipe', input: {} }, executor: 'server', needs_approval: true },
      { type: 'tool-approval', tool_call_id: 'b', approved: false, reason: 'Never.' },
      { type: 'tool-result', tool_call_id: 'b', error: 'The user refused.' },
    ]);
    expect(items).toMatchObject([{ status: 'answered', inputs: [{ answer: { values: ['Never.'] } }] }]);
    const skipped = kept([
      { type: 'tool-call', tool_call: { id: 'b', name: 'wipe', input: {} }, executor: 'server', needs_approval: true },
      { type: 'tool-approval', tool_call_id: 'b', approved: false, reason: SKIPPED },
      { type: 'tool-result', tool_call_id: 'b', error: 'The user refused.' },
    ]);
    expect(skipped).toMatchObject([{ status: 'skipped', inputs: [{ answer: { values: [], skipped: true } }] }]);
  });

  test('an output that only looks like something to show is a result like any other', () => {
    const odd = { widget: { type: 'Window' }, image: { url: 'javascript:alert(1)' }, notice: 'hi', client_effect: [] };
    const { told } = rendered(call('a'), result('a', odd), stepEnd(), runEnd('completed'));
    expect(held(told).map(({ type }) => type)).toEqual(['workflow']);
    expect(told.some(({ type }) => type === 'notice' || type === 'client_effect')).toBe(false);
  });

  test('stopped by somebody else', () => {
    const { told } = rendered(part('text-start'), said('a'), runEnd('cancelled', 'a'));
    expect(told.at(-1)).toEqual({ type: 'notice', level: 'info', message: 'This answer was stopped.' });
  });
});

/** The members of a value, all the way down, without what they are. */
function form(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(form);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, form(entry)]));
}

async function captured(name: string): Promise<ThreadEvent[]> {
  const text = await readFile(join(import.meta.dirname, '../fixtures', name), 'utf8');
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => JSON.parse(frame.slice('data: '.length)) as ThreadEvent);
}

test('the events have the form of those that were captured', async () => {
  const own = rendered(
    part('text-start'),
    said('Water it '),
    said('twice a week.'),
    citation(0, 4),
    stepEnd(),
    {
      type: 'tool-call',
      tool_call: { id: 'call_1', name: 'read_cart', input: { coupon: null, include_saved: false } },
      executor: 'client',
    },
    { type: 'run-wait', tool_call_ids: ['call_1'], until: '2026-01-02T00:00:00.000Z' },
  ).told;
  const theirs = [...(await captured('create-thread.sse')), ...(await captured('client-tool-call.sse'))];
  const formOf = (events: readonly ThreadEvent[], matches: (event: ThreadEvent) => boolean) =>
    form(events.find(matches));
  const update = (suffix: string) => (event: ThreadEvent) =>
    event.type === 'thread.item.updated' && event.update.type === `assistant_message.content_part.${suffix}`;
  const item = (kind: string, type: string) => (event: ThreadEvent) =>
    event.type === `thread.item.${kind}` && 'item' in event && event.item.type === type;
  for (const matches of [
    item('added', 'assistant_message'),
    update('added'),
    update('text_delta'),
    item('done', 'client_tool_call'),
  ]) {
    expect(formOf(own, matches)).toEqual(formOf(theirs, matches));
  }
  // Their source is an address, ours a file.
  expect(form(own.find(update('annotation_added')))).toMatchObject({
    update: {
      annotation_index: 'number',
      annotation: { type: 'string', index: 'number', source: { title: 'string' } },
    },
  });
});

test('the types are those of ChatKit’s own package', () => {
  expectTypeOf<AttachmentView & { upload_descriptor?: never }>().toExtend<
    { [Key in Attachment['type']]: { type: Key; id: string; name: string; mime_type: string } }[Attachment['type']]
  >();
  expectTypeOf<UserPart['type']>().toEqualTypeOf<UserMessageContent['type']>();
  expectTypeOf<Widget['type']>().toEqualTypeOf<Widgets.WidgetRoot['type']>();
  const icons: ChatKitIcon[] = ['search', 'document'];
  const used = rendered(
    { type: 'step-start', step: 1 },
    {
      type: 'retrieval',
      query: '',
      route: 'factual_qa',
      strategy: 'sparse',
      hits: [{ chunk_id: 'c', document_id: 'd', title: 't', score: 1 }],
    },
  ).told.map((event) => (event.type === 'progress_update' ? event.icon : undefined));
  expect(used).toEqual(icons);
});
