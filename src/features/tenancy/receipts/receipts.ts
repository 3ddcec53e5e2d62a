import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import { newId } from '../../../platform/id.ts';

/** What was deleted for good, for whom it concerned: signed, so that it can be shown to others later. */
export type Receipt = {
  id: string;
  /** What was asked to be forgotten, such as `session`. */
  kind: string;
  subject: string;
  tenant: string;
  /** Rows that are gone, by what they were. */
  deleted: Readonly<Record<string, number>>;
  deleted_at: string;
  /** The user on whose word it was done. */
  deleted_by: string | null;
  /** Ed25519 over the JSON of all members above, in this order, base64url. */
  signature: string;
};

export type Receipts = {
  issue(content: Omit<Receipt, 'id' | 'signature'>): Receipt;
  /** Whether this installation issued it and nobody changed it since. */
  isGenuine(receipt: Receipt): boolean;
  /** Who has it can check receipts without this server: SPKI, PEM. */
  readonly publicKey: string;
};

/** ASN.1 in front of the 32 bytes of an Ed25519 seed (RFC 8410 §7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** The key follows from `SECRET_KEY`: every replica has the same one, and none is stored. */
export function createReceipts(secretKey: string): Receipts {
  const seed = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley receipts', SEED_BYTES));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey as KeyObject);
  return {
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    issue: (content) => {
      const unsigned = { id: newId(), ...content };
      return { ...unsigned, signature: sign(null, signedBytes(unsigned), privateKey).toString('base64url') };
    },
    isGenuine: (receipt) => verify(null, signedBytes(receipt), publicKey, Buffer.from(receipt.signature, 'base64url')),
  };
}

function signedBytes(receipt: Omit<Receipt, 'signature'>): Buffer {
  const { id, kind, subject, tenant, deleted, deleted_at, deleted_by } = receipt;
  const counts = Object.fromEntries(Object.entries(deleted).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(JSON.stringify({ id, kind, subject, tenant, deleted: counts, deleted_at, deleted_by }));
}
