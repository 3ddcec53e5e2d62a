import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What was deleted, when and by whom. */
export type DeletionReceipt = {
  tenant_id: string;
  slug: string;
  name: string;
  deleted_at: string;
  deleted_by: string | null;
  /** Rows by table, as they were counted in the deleting transaction itself. */
  rows: Record<string, number>;
  rows_total: number;
  /** Tables that keep what they have: the audit log. */
  kept: string[];
};

export type SignedReceipt = { receipt: DeletionReceipt; signature: string };

/** Signs receipts so that this installation can tell later which are its own. */
export type ReceiptSeal = { sign(receipt: DeletionReceipt): SignedReceipt; isGenuine(signed: SignedReceipt): boolean };

/** HMAC-SHA256 under a key that follows from SECRET_KEY. */
export function createReceiptSeal(secretKey: string): ReceiptSeal {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley:deletion-receipt:v1', 32));
  const signatureOf = (receipt: DeletionReceipt) => createHmac('sha256', key).update(canonical(receipt)).digest();
  return {
    sign: (receipt) => ({ receipt, signature: signatureOf(receipt).toString('base64url') }),
    isGenuine: ({ receipt, signature }) => {
      const given = Buffer.from(signature, 'base64url');
      const right = signatureOf(receipt);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}

/** The same text for the same value: jsonb gives keys back in an order of its own. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
