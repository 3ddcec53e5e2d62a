import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import type { ActingPrincipal } from '../audit/act.ts';
import type { Tenant } from '../tenant.ts';

/**
 * What can be asked to be forgotten. A `subject` is an end user that a user's program speaks for, named by `subjectId`;
 * `memories` are all that is remembered of a user, who keeps the chats; a `user` is all that a user said and stored in the
 * tenant.
 */
export const REQUESTABLE_KINDS = [
  'memory',
  'fact',
  'message',
  'session',
  'document',
  'subject',
  'memories',
  'user',
] as const;
/** And what else is deleted and must stay so. A `moved-memory` is in cold storage, where it stays. A `conversation`, named by
 * `conversationId`, is what cold storage has of one; its rows go as memories. */
export const TARGET_KINDS = [...REQUESTABLE_KINDS, 'attachment', 'repository', 'moved-memory', 'conversation'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export type Target = { readonly kind: TargetKind; readonly ids: readonly string[] };

/** How many of what: rows by their name, and what is not in the tenant's rows, such as `idempotent_answers`. */
export type Counts = Readonly<Record<string, number>>;

/** What one step of forgetting did. `memoryIds`: what other places may still quote. Nothing counted: nothing is left. */
export type ForgottenStep = { counts: Counts; memoryIds?: readonly string[] };

/** A target of which no row is left, with the memories that went with it. */
export type ForgottenTarget = Target & { readonly memoryIds: readonly string[]; readonly begunAt: Date };

export type ForgettingPrincipal = ActingPrincipal & { readonly tenant: Tenant; readonly role: MembershipRole };

/** What one feature knows about forgetting. Each says nothing about kinds that it has nothing of. */
export type Forgetter = {
  /** Refuses who may not have it forgotten. For targets of one id; those that it answers for only. */
  readonly refusals?: Partial<
    Record<TargetKind, (trx: TenantTransaction, principal: ForgettingPrincipal, id: string) => Promise<void>>
  >;
  /** What there is of it now. */
  count(trx: TenantTransaction, target: Target): Promise<Counts>;
  /** Forgets up to about `limit` rows, in a transaction that nobody waits for. */
  forget(trx: TenantTransaction, tenant: Tenant, target: Target, limit: number): Promise<ForgottenStep>;
  /** Removes what is left elsewhere: files, traces in other rows. Bears a repeat, which counts only what it finds itself. */
  finish?(tenant: Tenant, targets: readonly ForgottenTarget[], signal: AbortSignal): Promise<Counts>;
};

/** Whether it is about what there is of a person. */
export function isOfPerson(kind: TargetKind): boolean {
  return kind === 'user' || kind === 'subject' || kind === 'memories';
}

/** The id of a subject: whose program it is, and what that calls the person. */
export function subjectId(userId: string, subject: string): string {
  return `${userId}/${subject}`;
}

export function subjectOf(id: string): { userId: string; subject: string } {
  const cut = id.indexOf('/');
  return { userId: id.slice(0, cut), subject: id.slice(cut + 1) };
}

type Owner = { readonly userId: string | null; readonly subject: string };

/** The id of a conversation, which whoever brings it gives: whose it is, and what that calls it. */
export function conversationId({ userId, subject }: Owner, conversation: string): string {
  return `${userId ?? ''}/${encodeURIComponent(subject)}/${conversation}`;
}

export function conversationOf(id: string): Owner & { conversation: string } {
  const [userId = '', subject = ''] = id.split('/', 2);
  const conversation = id.slice(userId.length + subject.length + 2);
  return { userId: userId || null, subject: decodeURIComponent(subject), conversation };
}

export function added(...counts: readonly Counts[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(sum).filter(([, count]) => count > 0));
}

export function totalOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
