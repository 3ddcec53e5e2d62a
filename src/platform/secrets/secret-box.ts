import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Keeps what must be read again and must not be readable in the database: AES-256-GCM under a key from the environment.
 * Sealed: 1 byte version, 4 of the key's id, 12 of nonce, 16 of tag, then the text.
 */
export type SecretBox = {
  /** `context` says what it is and whose, such as `tenant-secret\n<tenant>\n<name>`: it opens under the same one only, so that
   * what is copied to another row cannot be opened there. */
  seal(text: string, context: string): Buffer;
  /** @throws SealBrokenError when no key of this process opens it, or the context is another */
  open(sealed: Uint8Array, context: string): string;
  /** Whether it is sealed with the newest key. */
  isCurrent(sealed: Uint8Array): boolean;
};

/** What was sealed cannot be opened: its key is gone, or it was changed. */
export class SealBrokenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SealBrokenError';
  }
}

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_AT = 1 + ID_BYTES;
const TAG_AT = NONCE_AT + NONCE_BYTES;
const TEXT_AT = TAG_AT + TAG_BYTES;

type Key = { id: Buffer; bytes: Buffer };

/** `keys`: 32 bytes each. The first seals, all open. */
export function createSecretBox(keys: readonly [Buffer, ...Buffer[]]): SecretBox {
  const [newest, ...older] = keys.map(withId) as [Key, ...Key[]];
  const all = [newest, ...older];
  return {
    seal: (text, context) => seal(newest, text, context),
    open: (sealed, context) => {
      const bytes = Buffer.from(sealed);
      const id = idOf(bytes);
      const key = all.find((known) => known.id.equals(id));
      if (!key)
        throw new SealBrokenError(`No key with the id ${id.toString('hex')} is known; add it to ENCRYPTION_KEYS.`);
      return open(key, bytes, context);
    },
    isCurrent: (sealed) => idOf(Buffer.from(sealed)).equals(newest.id),
  };
}

/**
 * The keys of an installation: those of ENCRYPTION_KEYS, and last the one that follows from SECRET_KEY. So an installation
 * that begins without ENCRYPTION_KEYS can be given them later: what was sealed before still opens, and can be sealed anew.
 */
export function installationKeys(encryptionKeys: readonly Buffer[], secretKey: string): [Buffer, ...Buffer[]] {
  const derived = Buffer.from(hkdfSync('sha256', secretKey, '', 'parley:secret-box:v1', KEY_BYTES));
  const [first, ...others] = encryptionKeys;
  return first ? [first, ...others, derived] : [derived];
}

/** 32 bytes in base64 or base64url, as `openssl rand -base64 32` prints them; null for anything else. */
export function readKey(text: string): Buffer | null {
  if (!/^[\w+/-]{43}=?$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES ? bytes : null;
}

function withId(bytes: Buffer): Key {
  if (bytes.length !== KEY_BYTES) throw new Error('A key of a secret box has 32 bytes.');
  return { id: createHash('sha256').update('parley:key-id').update(bytes).digest().subarray(0, ID_BYTES), bytes };
}

function seal({ id, bytes }: Key, text: string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, bytes, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), id, nonce, cipher.getAuthTag(), body]);
}

function open({ bytes: key }: Key, sealed: Buffer, context: string): string {
  const nonce = sealed.subarray(NONCE_AT, TAG_AT);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(TAG_AT, TEXT_AT));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new SealBrokenError('This was sealed for something else, or was changed.', { cause: error });
  }
}

function idOf(sealed: Buffer): Buffer {
  if (sealed.length < TEXT_AT || sealed[0] !== VERSION)
    throw new SealBrokenError('This is nothing that was sealed here.');
  return sealed.subarray(1, NONCE_AT);
}
