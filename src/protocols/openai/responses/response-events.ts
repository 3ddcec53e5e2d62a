import type { LoggedEvent, RunDetail } from '../../../features/chat/index.ts';
import { type FileCitation, fileCitation } from '../citation.ts';
import { prefixed, seconds } from '../ids.ts';
import type { RunEnd } from '../run-events.ts';
import { argumentsOf } from '../tools.ts';
import {
  errorOf,
  type FunctionCallItem,
  type ItemStatus,
  type OutputItem,
  type OutputText,
  type ResponseState,
  responseObject,
} from './response-object.ts';

export type ResponseEvent = { type: string; sequence_number: number; [field: string]: unknown };

/** The item that is being said. */
type OpenItem = { id: string; partId: string; text: string; annotations: FileCitation[] };

/**
 * A run's log as the events of its Response. Fed the same log from its beginning it gives the same events with the same
 * `sequence_number`s, from 0, so that a client comes back with the last one that it saw.
 * Responses can't take back what was said: where the run does, the item ends as incomplete and empty, and a new one begins.
 */
export class ResponseEvents {
  readonly #detail: RunDetail;
  readonly #state: ResponseState;
  readonly #output: OutputItem[] = [];
  #open: OpenItem | null = null;
  #finish: string | undefined;
  #next = 0;
  #emitted: ResponseEvent[] = [];

  constructor(detail: RunDetail) {
    this.#detail = detail;
    this.#state = {
      status: 'in_progress',
      model: detail.run.model,
      output: this.#output,
      usage: null,
      error: null,
      incompleteReason: null,
      completedAt: null,
    };
  }

  /** The Response as it is after the events so far. */
  response() {
    return responseObject(this.#detail, { ...this.#state, output: [...this.#output] });
  }

  /** An error of the stream, not of the response. It takes no number: whoever comes back asks behind the last event. */
  errorEvent({ message, code }: { message: string; code: string }): ResponseEvent {
    return { type: 'error', code, message, param: null, sequence_number: this.#next };
  }

  add(event: LoggedEvent): readonly ResponseEvent[] {
    this.#emitted = [];
    this.#take(event);
    return this.#emitted;
  }

  #take(event: LoggedEvent): void {
    switch (event.type) {
      case 'run-start':
        this.#emit('response.created', { response: this.response() });
        this.#emit('response.in_progress', { response: this.response() });
        break;
      case 'text-start':
        this.#close('completed');
        this.#begin(event.part_id);
        break;
      case 'text-delta':
        this.#say(event.delta);
        break;
      case 'text-reset':
        this.#restart(event.part_id);
        break;
      case 'citation':
        this.#cite(event);
        break;
      case 'tool-call':
        if (event.executor === 'client') this.#call(event.tool_call);
        break;
      case 'usage':
        this.#state.usage = event;
        break;
      case 'step-end':
        this.#finish = event.finish_reason;
        break;
      case 'run-end':
        this.#end(event);
        break;
      default:
    }
  }

  #emit(type: string, fields: object): void {
    this.#emitted.push({ type, sequence_number: this.#next++, ...fields });
  }

  /** Where the open item is. */
  #place({ id }: OpenItem) {
    return { item_id: id, output_index: this.#output.length, content_index: 0 };
  }

  #begin(partId: string): void {
    const { length } = this.#output;
    const id = prefixed('msg_', this.#detail.run.message_id) + (length === 0 ? '' : `_${length}`);
    const open: OpenItem = { id, partId, text: '', annotations: [] };
    this.#open = open;
    this.#emit('response.output_item.added', { output_index: length, item: itemOf(open, 'in_progress', []) });
    this.#emit('response.content_part.added', { ...this.#place(open), part: partOf(open) });
  }

  #say(delta: string): void {
    const open = this.#open;
    if (!open) return;
    open.text += delta;
    this.#emit('response.output_text.delta', { ...this.#place(open), delta, logprobs: [] });
  }

  #cite(citation: Extract<LoggedEvent, { type: 'citation' }>): void {
    const open = this.#open;
    if (open?.partId !== citation.part_id) return;
    const annotation = fileCitation(citation);
    const place = { ...this.#place(open), annotation_index: open.annotations.length };
    open.annotations.push(annotation);
    this.#emit('response.output_text.annotation.added', { ...place, annotation });
  }

  #restart(partId: string): void {
    const open = this.#open;
    if (open?.text === '') return;
    if (open) {
      open.text = '';
      open.annotations = [];
      this.#close('incomplete');
    }
    this.#begin(partId);
  }

  /** Ends the open item. Not at the text's end: its citations come after that. */
  #close(status: Exclude<ItemStatus, 'in_progress'>): void {
    const open = this.#open;
    if (!open) return;
    const part = partOf(open);
    const item = itemOf(open, status, [part]);
    this.#emit('response.output_text.done', { ...this.#place(open), text: open.text, logprobs: [] });
    this.#emit('response.content_part.done', { ...this.#place(open), part });
    this.#emit('response.output_item.done', { output_index: this.#output.length, item });
    this.#output.push(item);
    this.#open = null;
  }

  /** A function of the client's: the response ends behind its calls, and the next request brings what they gave. */
  #call({ id, name, input }: { id: string; name: string; input: unknown }): void {
    this.#close('completed');
    const output_index = this.#output.length;
    const itemId = `fc_${this.#detail.run.message_id}_${output_index}`;
    const written = argumentsOf(input);
    const item = (status: ItemStatus, text: string): FunctionCallItem => ({
      type: 'function_call',
      id: itemId,
      status,
      call_id: id,
      name,
      arguments: text,
    });
    const place = { item_id: itemId, output_index };
    this.#emit('response.output_item.added', { output_index, item: item('in_progress', '') });
    this.#emit('response.function_call_arguments.delta', { ...place, delta: written });
    this.#emit('response.function_call_arguments.done', { ...place, name, arguments: written });
    this.#emit('response.output_item.done', { output_index, item: item('completed', written) });
    this.#output.push(item('completed', written));
  }

  #end(end: RunEnd): void {
    const state = this.#state;
    state.incompleteReason = end.status === 'completed' ? incompleteReason(this.#finish) : null;
    state.status = end.status === 'completed' && state.incompleteReason ? 'incomplete' : end.status;
    if (end.status === 'failed') state.error = errorOf(end.error);
    if (state.status === 'completed' && end.message) state.completedAt = seconds(end.message.created_at);
    this.#close(state.status === 'completed' ? 'completed' : 'incomplete');
    // There is no event for a response that was cancelled; its status says it.
    const name = state.status === 'cancelled' ? 'incomplete' : state.status;
    this.#emit(`response.${name}`, { response: this.response() });
  }
}

function partOf({ text, annotations }: OpenItem): OutputText {
  return { type: 'output_text', text, annotations: [...annotations], logprobs: [] };
}

function itemOf({ id }: OpenItem, status: ItemStatus, content: readonly OutputText[]): OutputItem {
  return { type: 'message', id, status, role: 'assistant', content };
}

function incompleteReason(finish: string | undefined): ResponseState['incompleteReason'] {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'content-filter' ? 'content_filter' : null;
}
