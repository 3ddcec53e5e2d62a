import { gunzipSync, gzipSync } from 'node:zlib';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import { conversationOf, subjectOf, type Target, type Tenant } from '../../tenancy/index.ts';

/** A memory as cold storage has it: a line of JSON. */
type ColdMemory = {
  id: string;
  superseded_by: string | null;
  session_id: string | null;
  conversation_id: string | null;
  message_id: string | null;
  user_id: string | null;
  created_by: string;
  subject: string;
};

const KINDS: ReadonlySet<Target['kind']> = new Set([
  'memory',
  'message',
  'session',
  'conversation',
  'subject',
  'memories',
  'user',
]);

/** Takes what is to be forgotten out of the objects in cold storage. Returns how many memories that were. */
export async function forgetCold(
  storage: ObjectStorage,
  tenant: Tenant,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<number> {
  const meant = targets.filter(({ kind }) => KINDS.has(kind));
  if (meant.length === 0) return 0;
  let forgotten = 0;
  for await (const key of storage.list(`${tenant.slug}/`)) {
    signal.throwIfAborted();
    const bytes = await storage.get(key);
    if (!bytes) continue;
    const lines = gunzipSync(bytes).toString().split('\n').filter(Boolean);
    const kept = lines.filter((line) => !meant.some((target) => isMeant(JSON.parse(line) as ColdMemory, target)));
    if (kept.length === lines.length) continue;
    if (kept.length === 0) await storage.delete(key);
    else await storage.put(key, gzipSync(kept.map((line) => `${line}\n`).join('')));
    forgotten += lines.length - kept.length;
  }
  return forgotten;
}

/** Whether there is anything of a tenant. */
export async function hasCold(storage: ObjectStorage, tenant: Tenant): Promise<boolean> {
  for await (const _key of storage.list(`${tenant.slug}/`)) return true;
  return false;
}

/** All of a tenant that is gone. */
export async function removeCold(storage: ObjectStorage, tenant: Tenant, signal: AbortSignal): Promise<void> {
  for await (const key of storage.list(`${tenant.slug}/`)) {
    signal.throwIfAborted();
    await storage.delete(key);
  }
}

function isMeant(memory: ColdMemory, { kind, ids }: Target): boolean {
  const named = (id: string | null) => id !== null && ids.includes(id);
  if (kind === 'memory') return named(memory.id) || named(memory.superseded_by);
  if (kind === 'message') return named(memory.message_id);
  if (kind === 'session') return named(memory.session_id);
  if (kind === 'user') return named(memory.user_id) || named(memory.created_by);
  if (kind === 'memories') return named(memory.user_id) && memory.subject === '';
  if (kind === 'conversation') return ids.some((id) => isOfConversation(memory, id));
  if (kind !== 'subject') return false;
  return ids.map(subjectOf).some(({ userId, subject }) => memory.user_id === userId && memory.subject === subject);
}

function isOfConversation(memory: ColdMemory, id: string): boolean {
  const { userId, subject, conversation } = conversationOf(id);
  return memory.user_id === userId && memory.subject === subject && memory.conversation_id === conversation;
}
