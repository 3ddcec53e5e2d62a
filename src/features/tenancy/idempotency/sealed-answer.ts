import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Answers can hold secrets that are told once, such as a new API key: they are stored encrypted, all of them, so that no
 * route can forget to ask for it. AES-256-GCM: 12 bytes of nonce, 16 of tag, then the text. */
export type AnswerSeal = {
  seal(answer: unknown, context: string): Buffer;
  /** @throws Error when the secret, or the context, is another */
  open(sealed: Uint8Array, context: string): unknown;
};

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createAnswerSeal(secretKey: string): AnswerSeal {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley:idempotent-answer:v1', 32));
  return {
    seal: (answer, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context));
      const text = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open: (sealed, context) => {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(text.toString('utf8'));
    },
  };
}
