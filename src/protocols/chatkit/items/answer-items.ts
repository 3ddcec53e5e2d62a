import type { CitationPart, MessageView } from '../../../features/chat/index.ts';
import { itemId, threadId, timeOf } from '../ids.ts';
import type { Annotation, ItemUpdate, StructuredInputItem, ThreadEvent, ThreadItem, WorkflowItem } from '../wire.ts';
import type { AnswerEvent } from './answer-event.ts';
import { errorEvent } from './error-event.ts';
import { shownBy } from './shown.ts';
import {
  APPROVE,
  answeredQuestions,
  approvalQuestion,
  type Call,
  DECLINE,
  questionsOf,
  SKIPPED,
  submissionOf,
  taskOf,
} from './tool-view.ts';

type OpenText = { id: string; partId: string; text: string; annotations: Annotation[] };
type OpenWorkflow = { id: string; calls: Call[] };

const FIRST_PART = /^text-1$|^$/;

/**
 * One answer as ChatKit's items, out of its run's events, or out of the parts that are kept of it: both give the same items
 * with the same ids. `add` returns what a client is told; `items` is what a client finds that comes later.
 */
export class AnswerItems {
  readonly #messageId: string;
  readonly #base: { thread_id: string; created_at: string };
  readonly #items = new Map<string, ThreadItem>();
  readonly #calls = new Map<string, Call>();
  #text: OpenText | null = null;
  #workflow: OpenWorkflow | null = null;
  #emitted: ThreadEvent[] = [];

  constructor({ session_id, id }: Pick<MessageView, 'session_id' | 'id'>) {
    this.#messageId = id;
    this.#base = { thread_id: threadId(session_id), created_at: timeOf(id) };
  }

  /** Those that are complete, in the order in which they appeared. */
  items(): readonly ThreadItem[] {
    return [...this.#items.values()].filter(({ id }) => id !== this.#text?.id && id !== this.#workflow?.id);
  }

  /** The first call that waits for the page or for the user's word; they are dealt with one after the other. */
  get waiting(): Call | undefined {
    return [...this.#calls.values()].find(({ byClient, approval, result }) => {
      return result === null && (approval === 'needed' || (byClient && approval === null));
    });
  }

  add(event: AnswerEvent): readonly ThreadEvent[] {
    this.#emitted = [];
    this.#take(event);
    return this.#emitted;
  }

  /** Shows what the first waiting call needs: a call of a tool of the page, or a question. The stream ends with it. */
  showWaiting(): readonly ThreadEvent[] {
    this.#emitted = [];
    this.#closeText();
    this.#closeSettled();
    const call = this.waiting;
    if (call) this.#done(this.#waitingItem(call));
    return this.#emitted;
  }

  /** Nothing comes any more: what is open is complete as it stands, and nobody answers the open questions. */
  end(): void {
    this.#closeAll();
    this.showWaiting();
    for (const item of this.#items.values()) {
      if (item.type !== 'structured_input' || item.status !== 'pending') continue;
      const inputs = item.inputs.map((question) => ({ ...question, answer: { values: [], skipped: true } }));
      this.#items.set(item.id, { ...item, status: 'skipped', inputs });
    }
  }

  #take(event: AnswerEvent): void {
    switch (event.type) {
      case 'step-start':
        if (this.#items.size === 0) this.#emit({ type: 'progress_update', text: 'Searching…', icon: 'search' });
        break;
      case 'retrieval':
        if (event.hits.length > 0)
          this.#emit({ type: 'progress_update', text: readingText(event.hits), icon: 'document' });
        break;
      case 'text-delta':
        this.#say(event.part_id, event.delta);
        break;
      case 'text-reset':
        this.#unsay(event.part_id);
        break;
      case 'citation':
        this.#cite(event);
        break;
      case 'tool-call':
        this.#call(event);
        break;
      case 'tool-approval':
        this.#decide(event);
        break;
      case 'tool-result':
        this.#result(event);
        break;
      case 'step-end':
        this.#closeText();
        break;
      case 'run-wait':
        this.showWaiting();
        break;
      case 'run-end':
        this.#closeAll();
        if (event.status === 'failed') this.#emit(errorEvent(event.error?.detail));
        if (event.status === 'cancelled') this.#emit(STOPPED);
        break;
      default:
    }
  }

  #emit(event: ThreadEvent): void {
    this.#emitted.push(event);
  }

  #update(id: string, update: ItemUpdate): void {
    this.#emit({ type: 'thread.item.updated', item_id: id, update });
  }

  #begin(item: ThreadItem): void {
    this.#items.set(item.id, item);
    this.#emit({ type: 'thread.item.added', item });
  }

  #done(item: ThreadItem): void {
    this.#items.set(item.id, item);
    this.#emit({ type: 'thread.item.done', item });
  }

  #textId(partId: string): string {
    return itemId('msg', this.#messageId, FIRST_PART.test(partId) ? '' : partId);
  }

  #say(partId: string, delta: string): void {
    if (delta === '') return;
    this.#closeWorkflow();
    if (this.#text && this.#text.partId !== partId) this.#closeText();
    this.#text ??= this.#openText(partId);
    this.#text.text += delta;
    this.#update(this.#text.id, { type: 'assistant_message.content_part.text_delta', content_index: 0, delta });
  }

  #openText(partId: string): OpenText {
    const id = this.#textId(partId);
    this.#begin({ id, ...this.#base, type: 'assistant_message', content: [] });
    const content = { type: 'output_text', text: '', annotations: [] } as const;
    this.#update(id, { type: 'assistant_message.content_part.added', content_index: 0, content });
    return { id, partId, text: '', annotations: [] };
  }

  #unsay(partId: string): void {
    const id = this.#textId(partId);
    if (!this.#items.delete(id)) return;
    if (this.#text?.id === id) this.#text = null;
    this.#emit({ type: 'thread.item.removed', item_id: id });
  }

  #cite(citation: CitationPart): void {
    const open = this.#text;
    if (open?.partId !== citation.part_id) return;
    const annotation = annotationOf(citation);
    const place = { content_index: 0, annotation_index: open.annotations.length };
    open.annotations.push(annotation);
    this.#update(open.id, { type: 'assistant_message.content_part.annotation_added', ...place, annotation });
  }

  #closeText(): void {
    const open = this.#text;
    if (!open) return;
    const content = { type: 'output_text', text: open.text, annotations: [...open.annotations] } as const;
    this.#text = null;
    this.#update(open.id, { type: 'assistant_message.content_part.done', content_index: 0, content });
    this.#done({ id: open.id, ...this.#base, type: 'assistant_message', content: [content] });
  }

  #call({ tool_call, executor, needs_approval }: Extract<AnswerEvent, { type: 'tool-call' }>): void {
    this.#closeText();
    const call: Call = {
      ...tool_call,
      place: this.#calls.size + 1,
      byClient: executor === 'client',
      approval: needs_approval === true ? 'needed' : null,
      result: null,
    };
    this.#calls.set(call.id, call);
    if (!call.byClient && call.approval === null) this.#addTask(call);
  }

  #addTask(call: Call): void {
    if (!this.#workflow) {
      this.#workflow = { id: itemId('wf', this.#messageId, String(call.place)), calls: [] };
      this.#begin(this.#workflowItem(this.#workflow));
    }
    this.#workflow.calls.push(call);
    const place = { task_index: this.#workflow.calls.length - 1, task: taskOf(call) };
    this.#update(this.#workflow.id, { type: 'workflow.task.added', ...place });
  }

  #decide({ tool_call_id, approved, reason }: Extract<AnswerEvent, { type: 'tool-approval' }>): void {
    const call = this.#calls.get(tool_call_id);
    if (!call) return;
    const skipped = !approved && reason === SKIPPED;
    const values = skipped ? [] : [approved ? APPROVE : (reason ?? DECLINE)];
    const question = { ...approvalQuestion(call), answer: { values, skipped } };
    call.approval = approved ? null : 'declined';
    const item = this.#askItem('ask', call, [question], skipped ? 'skipped' : 'answered');
    this.#closeSettled();
    // Its client was told when the user answered.
    this.#items.set(item.id, item);
    if (approved && !call.byClient) this.#addTask(call);
  }

  #result({ tool_call_id, output, error }: Extract<AnswerEvent, { type: 'tool-result' }>): void {
    const call = this.#calls.get(tool_call_id);
    if (!call) return;
    call.result = { ...(output !== undefined && { output }), ...(error !== undefined && { error }) };
    if (call.byClient) this.#completeItem(call);
    else this.#updateTask(call);
    this.#show(call, output);
  }

  /** Its client knows: it was the one that answered. */
  #completeItem(call: Call): void {
    this.#closeSettled();
    if (call.approval === 'declined') return;
    const item = this.#clientItem(call);
    this.#items.set(item.id, item);
  }

  #updateTask(call: Call): void {
    const open = this.#workflow;
    const index = open?.calls.indexOf(call) ?? -1;
    if (!open || index < 0) return;
    this.#update(open.id, { type: 'workflow.task.updated', task_index: index, task: taskOf(call) });
  }

  #show({ id, place }: Call, output: unknown): void {
    const { widget, image, passing } = shownBy(output, id);
    const at = String(place);
    if (widget) this.#done({ id: itemId('wdg', this.#messageId, at), ...this.#base, type: 'widget', ...widget });
    if (image) this.#done({ id: itemId('img', this.#messageId, at), ...this.#base, type: 'generated_image', image });
    for (const event of passing) this.#emit(event);
  }

  #closeWorkflow(): void {
    const open = this.#workflow;
    if (!open) return;
    this.#workflow = null;
    this.#done(this.#workflowItem(open));
  }

  /** Before a client is waited for, every call of the server has its result: what comes afterwards is another workflow,
   * whoever reads it. */
  #closeSettled(): void {
    if (this.#workflow?.calls.every(({ result }) => result !== null)) this.#closeWorkflow();
  }

  #workflowItem({ id, calls }: OpenWorkflow): WorkflowItem {
    const { length } = calls;
    const summary = length > 0 && { summary: { title: length === 1 ? 'Used a tool' : `Used ${length} tools` } };
    const workflow = { type: 'custom', tasks: calls.map(taskOf), ...summary, expanded: false } as const;
    return { id, ...this.#base, type: 'workflow', workflow };
  }

  #closeAll(): void {
    this.#closeText();
    this.#closeWorkflow();
  }

  #waitingItem(call: Call): ThreadItem {
    if (call.approval === 'needed') return this.#askItem('ask', call, [approvalQuestion(call)], 'pending');
    return this.#clientItem(call);
  }

  #clientItem(call: Call): ThreadItem {
    const { id, name, input, place, result } = call;
    const questions = questionsOf(call);
    if (questions) {
      if (!result) return this.#askItem('ask', call, questions, 'pending');
      return this.#askItem('ask', call, answeredQuestions(questions, result.output), submissionOf(result.output));
    }
    const output = result?.output ?? (result?.error === undefined ? undefined : { error: result.error });
    return {
      id: itemId('tc', this.#messageId, String(place)),
      ...this.#base,
      type: 'client_tool_call',
      status: result ? 'completed' : 'pending',
      call_id: id,
      name,
      arguments: input ?? {},
      ...(output !== undefined && output !== null && { output }),
    };
  }

  #askItem(
    prefix: 'ask',
    { place }: Call,
    inputs: StructuredInputItem['inputs'],
    status: StructuredInputItem['status'],
  ): StructuredInputItem {
    const id = itemId(prefix, this.#messageId, String(place));
    return { id, ...this.#base, type: 'structured_input', status, inputs };
  }
}

const STOPPED: ThreadEvent = { type: 'notice', level: 'info', message: 'This answer was stopped.' };

function readingText(hits: readonly { document_id: string }[]): string {
  const documents = new Set(hits.map(({ document_id }) => document_id)).size;
  return documents === 1 ? 'Reading a document…' : `Reading ${documents} documents…`;
}

function annotationOf({ title, quote, page, supported, answer_span }: CitationPart): Annotation {
  const at = page === null ? '' : `Page ${page}: `;
  const description = `${supported ? '' : 'Not confirmed by this passage. '}${at}“${quote}”`;
  return {
    type: 'annotation',
    source: { type: 'file', title, filename: title, description },
    index: answer_span.end,
  };
}
