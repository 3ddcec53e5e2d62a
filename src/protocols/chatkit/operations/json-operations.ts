import { ModelError } from '../../../ai/chat-model.ts';
import type { SessionView } from '../../../features/chat/index.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { chatkitErrors } from '../chatkit.errors.ts';
import type { JsonOperation, PageParams } from '../chatkit.schema.ts';
import { attachmentIdOf, messageIdOf, sessionIdOf, threadId } from '../ids.ts';
import { itemPage } from '../items/thread-items.ts';
import { attachmentView } from '../items/user-item.ts';
import { threadView } from '../thread.ts';
import type { Page, ThreadView } from '../wire.ts';
import { actOf } from './act.ts';
import type { Acting } from './turn.ts';

/** Rows of a page unless asked for more; ChatKit's page asks for 9999 and goes on while there are more. */
const DEFAULT_LIMIT = 20;
const MOST = 100;

type Params<Name extends JsonOperation['type']> = Extract<JsonOperation, { type: Name }>['params'];
export type UploadUrl = (attachmentId: string) => string;

/** The operations that are answered with one JSON object. */
export async function answerJson(acting: Acting, operation: JsonOperation, uploadUrl: UploadUrl): Promise<unknown> {
  switch (operation.type) {
    case 'threads.get_by_id':
      return getThread(acting, operation.params);
    case 'threads.list':
      return listThreads(acting, operation.params ?? {});
    case 'threads.update':
      return updateThread(acting, operation.params);
    case 'threads.delete':
      await acting.deps.chat.sessions.remove(acting.principal, sessionIdOf(operation.params.thread_id));
      return {};
    case 'items.list':
      return listItems(acting, operation.params);
    case 'items.feedback':
      return rate(acting, operation.params);
    case 'threads.sync_custom_action':
      return noteAction(acting, operation.params);
    case 'attachments.create':
      return createAttachment(acting, operation.params, uploadUrl);
    case 'attachments.delete':
      await acting.deps.documents.attachments.remove(acting.principal, knownAttachment(operation.params.attachment_id));
      return {};
    case 'input.transcribe':
      return transcribe(acting, operation.params);
  }
}

async function session({ deps, principal }: Acting, thread: string): Promise<SessionView> {
  return deps.chat.sessions.get(principal, sessionIdOf(thread));
}

async function getThread(acting: Acting, params: Params<'threads.get_by_id'>): Promise<ThreadView> {
  const found = await session(acting, params.thread_id);
  return threadView(found, await itemPage(reading(acting), found, { limit: DEFAULT_LIMIT, order: 'asc', after: null }));
}

async function listThreads({ deps, principal }: Acting, params: PageParams): Promise<Page<ThreadView>> {
  const { limit, order, after } = pageOf(params);
  const page = { limit, order, ...(after !== null && { after: sessionIdOf(after) }) };
  const { data, has_more } = await deps.chat.sessions.listByBeginning(principal, page);
  const last = data.at(-1);
  return {
    data: data.map((entry) => threadView(entry)),
    has_more,
    ...(has_more && last && { after: threadId(last.id) }),
  };
}

async function listItems(acting: Acting, params: Params<'items.list'>) {
  return itemPage(reading(acting), await session(acting, params.thread_id), pageOf(params));
}

function pageOf({ limit, order, after }: PageParams) {
  return { limit: Math.min(limit || DEFAULT_LIMIT, MOST), order: order ?? ('desc' as const), after: after ?? null };
}

function reading({ deps, principal, previewUrl }: Acting) {
  return { chat: deps.chat, principal, previewUrl };
}

async function updateThread({ deps, principal }: Acting, { thread_id, title }: Params<'threads.update'>) {
  return threadView(await deps.chat.sessions.update(principal, sessionIdOf(thread_id), { title }));
}

async function rate({ deps, principal }: Acting, { thread_id, item_ids, kind }: Params<'items.feedback'>) {
  const ids = item_ids.map(messageIdOf).filter((id) => id !== null);
  if (item_ids.length === 0) await deps.chat.sessions.get(principal, sessionIdOf(thread_id));
  else await deps.chat.feedback.rate(principal, sessionIdOf(thread_id), [...new Set(ids)], kind);
  return {};
}

/** Nobody answers here: the model learns of it with the next question. While it is answering there is no place for it. */
async function noteAction(acting: Acting, params: Params<'threads.sync_custom_action'>) {
  const { deps, principal } = acting;
  const found = await session(acting, params.thread_id);
  const act = await actOf(acting, found, params);
  await deps.chat.sessions
    .addMessages(principal, found.id, [{ role: 'user', parts: [act] }])
    .catch((error: unknown) => {
      if (!(error instanceof ApiError && error.definition.code === 'ERR_CHAT_005')) throw error;
    });
  return {};
}

async function createAttachment(
  { deps, principal, previewUrl, once }: Acting,
  params: Params<'attachments.create'>,
  uploadUrl: UploadUrl,
) {
  const { name, size, mime_type } = params;
  const { attachments } = deps.documents;
  const file = { name, contentType: mime_type, sizeBytes: size };
  const { id, content_type, size_bytes } = await once(() => attachments.expect(principal, file));
  const about = { attachment_id: id, name, content_type, size_bytes };
  return {
    ...attachmentView(about, previewUrl),
    upload_descriptor: { url: uploadUrl(id), method: 'POST', headers: {} },
  };
}

function knownAttachment(given: string): string {
  const id = attachmentIdOf(given);
  if (id === null) throw chatkitErrors.attachmentNotFound();
  return id;
}

async function transcribe({ deps, signal }: Acting, { audio_base64, mime_type }: Params<'input.transcribe'>) {
  if (!deps.transcriber) throw chatkitErrors.noTranscriber();
  const recording = { bytes: Buffer.from(audio_base64, 'base64'), mediaType: mime_type };
  if (recording.bytes.length === 0) throw chatkitErrors.recordingInvalid();
  const text = await deps.transcriber.transcribe(recording, signal).catch((cause: unknown) => {
    if (!(cause instanceof ModelError)) throw cause;
    throw chatkitErrors.transcriptionFailed(undefined, { cause });
  });
  return { text };
}
