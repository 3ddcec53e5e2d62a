/** ChatKit's protocol as it travels: what the server sends. An optional member that has no value is left out, never null. */

export type Json = unknown;

export type ThreadView = {
  id: string;
  created_at: string;
  title?: string;
  status: { type: 'active' };
  metadata: Record<string, never>;
  items: Page<ThreadItem>;
};

export type Page<Entry> = { data: readonly Entry[]; has_more: boolean; after?: string };

type ItemBase = { id: string; thread_id: string; created_at: string };

export type FileSource = { type: 'file'; title: string; filename: string; description?: string };
export type Annotation = { type: 'annotation'; source: FileSource; index: number };
export type AssistantPart = { type: 'output_text'; text: string; annotations: readonly Annotation[] };

export type UserPart =
  | { type: 'input_text'; text: string }
  | { type: 'input_tag'; id: string; text: string; data: Json; group?: string; interactive: boolean };

export type AttachmentView = {
  type: 'file' | 'image';
  id: string;
  name: string;
  mime_type: string;
  preview_url?: string;
  upload_descriptor?: { url: string; method: 'POST'; headers: Record<string, string> };
  thread_id?: string;
};

export type Task = { status_indicator: 'none' | 'loading' | 'complete' } & (
  | { type: 'custom'; title?: string; icon?: string; content?: string }
  | { type: 'file'; title?: string; sources: readonly FileSource[] }
);

export type Question = {
  id: string;
  question: string;
  answer?: { values: readonly string[]; skipped: boolean };
} & (
  | { type: 'multiple_choice'; options: readonly { value: string }[]; multiple: boolean }
  | { type: 'freeform'; description?: string }
);

export type Widget = { type: 'Card' | 'ListView' | 'Basic'; [property: string]: Json };

export type UserMessageItem = ItemBase & {
  type: 'user_message';
  content: readonly UserPart[];
  attachments: readonly AttachmentView[];
  quoted_text?: string;
  inference_options: { model?: string; tool_choice?: { id: string } };
};
export type AssistantMessageItem = ItemBase & { type: 'assistant_message'; content: readonly AssistantPart[] };
export type ClientToolCallItem = ItemBase & {
  type: 'client_tool_call';
  status: 'pending' | 'completed';
  call_id: string;
  name: string;
  arguments: Json;
  output?: Json;
};
export type WidgetItem = ItemBase & { type: 'widget'; widget: Widget; copy_text?: string };
export type ImageItem = ItemBase & { type: 'generated_image'; image: { id: string; url: string } };
export type StructuredInputItem = ItemBase & {
  type: 'structured_input';
  status: 'pending' | 'answered' | 'skipped';
  inputs: readonly Question[];
};
export type WorkflowItem = ItemBase & {
  type: 'workflow';
  workflow: { type: 'custom'; tasks: readonly Task[]; summary?: { title: string }; expanded: boolean };
};

export type ThreadItem =
  | UserMessageItem
  | AssistantMessageItem
  | ClientToolCallItem
  | WidgetItem
  | ImageItem
  | StructuredInputItem
  | WorkflowItem;

export type ItemUpdate =
  | { type: 'assistant_message.content_part.added'; content_index: number; content: AssistantPart }
  | { type: 'assistant_message.content_part.text_delta'; content_index: number; delta: string }
  | {
      type: 'assistant_message.content_part.annotation_added';
      content_index: number;
      annotation_index: number;
      annotation: Annotation;
    }
  | { type: 'assistant_message.content_part.done'; content_index: number; content: AssistantPart }
  | { type: 'workflow.task.added'; task_index: number; task: Task }
  | { type: 'workflow.task.updated'; task_index: number; task: Task };

export type StreamError = { type: 'error'; code: string; message?: string; allow_retry: boolean };

export type ThreadEvent =
  | { type: 'thread.created'; thread: ThreadView }
  | { type: 'thread.updated'; thread: ThreadView }
  | { type: 'thread.item.added'; item: ThreadItem }
  | { type: 'thread.item.updated'; item_id: string; update: ItemUpdate }
  | { type: 'thread.item.done'; item: ThreadItem }
  | { type: 'thread.item.removed'; item_id: string }
  | { type: 'thread.item.replaced'; item: ThreadItem }
  | { type: 'stream_options'; stream_options: { allow_cancel: boolean } }
  | { type: 'progress_update'; text: string; icon?: string }
  | { type: 'client_effect'; name: string; data: Json }
  | { type: 'notice'; level: 'info' | 'warning' | 'danger'; message: string; title?: string }
  | StreamError;
