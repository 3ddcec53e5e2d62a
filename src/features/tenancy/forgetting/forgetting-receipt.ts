import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { canonical, createReceiptSeal, type SignedReceipt } from '../lifecycle/receipt-signature.ts';
import type { Counts, TargetKind } from './forgetter.ts';

/** What was forgotten, when and at whose word. It says nothing of what it was. */
export type ForgettingReceipt = {
  id: string;
  tenant_id: string;
  kind: TargetKind;
  target: string;
  requested_by: string | null;
  requested_at: string;
  forgotten_at: string;
  /** What was deleted, by kind. */
  counts: Counts;
  total: number;
  /** Files, events and answers are looked through once for all requests of a moment: what was removed there for all of
   * them. Null where there was but this one, whose counts have it. */
  swept_together: { requests: number; counts: Counts } | null;
  /** What stays, in words. */
  kept: readonly string[];
};

export type SignedForgetting = { receipt: ForgettingReceipt; signature: string };

export type ForgettingSeal = {
  sign(receipt: ForgettingReceipt): SignedForgetting;
  isGenuine(signed: { receipt: unknown; signature: string }): boolean;
};

/** HMAC-SHA256 under a key that follows from SECRET_KEY. */
export function createForgettingSeal(secretKey: string): ForgettingSeal {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley:forgetting-receipt:v1', 32));
  const signatureOf = (receipt: unknown) => createHmac('sha256', key).update(canonical(receipt)).digest();
  return {
    sign: (receipt) => ({ receipt, signature: signatureOf(receipt).toString('base64url') }),
    isGenuine: ({ receipt, signature }) => {
      const given = Buffer.from(signature, 'base64url');
      const right = signatureOf(receipt);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}

/** Whether a receipt, of something forgotten or of a deleted tenant, was signed with this secret. */
export function isGenuineReceipt(secretKey: string, signed: { receipt: unknown; signature: string }): boolean {
  return (
    createForgettingSeal(secretKey).isGenuine(signed) || createReceiptSeal(secretKey).isGenuine(signed as SignedReceipt)
  );
}

const ALWAYS_KEPT = [
  'the audit log and the ledger, which have ids and figures, and no content',
  'what people or models wrote elsewhere in words of their own',
];

/** What a receipt says that it leaves. */
export function keptBeside(kind: TargetKind): readonly string[] {
  if (kind === 'user') return [...ALWAYS_KEPT, 'the account, and documents that the user added: they are the tenant’s'];
  if (kind === 'memories') return [...ALWAYS_KEPT, 'the chats in which it was said'];
  if (kind === 'document') return [...ALWAYS_KEPT, 'passages that earlier answers quote'];
  return ALWAYS_KEPT;
}
