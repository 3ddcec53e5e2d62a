import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { Rotation } from '../../../platform/secrets/sealed-store.ts';
import { SealBrokenError, type SecretBox } from '../../../platform/secrets/secret-box.ts';
import * as store from './signing-key.store.ts';

export const TOKEN_ALGORITHMS = ['EdDSA', 'ES256', 'HS256'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

export type Signer = { kid: string | null; algorithm: TokenAlgorithm; key: KeyObject };

/** The keys that sign access tokens, and those that did. */
export type KeyRing = {
  readonly algorithm: TokenAlgorithm;
  signer(): Promise<Signer>;
  /** The key of that id, if tokens signed with it are to be believed; with `retired` also if they no longer are. */
  verifier(kid: string | undefined, options?: { retired: boolean }): Promise<KeyObject | null>;
  /** The same, of what this process knows already. */
  isGood(kid: string | null): boolean;
  /** Public keys as RFC 7517 has them: nothing for HS256. */
  publicKeys(): Promise<readonly PublicKey[]>;
  /** Another key signs from now on; what older ones signed is believed for so many minutes more. Null for HS256. */
  rotate(trx: PlatformTransaction, overlapMinutes: number): Promise<string | null>;
  /** Reads the keys again. */
  refresh(): Promise<void>;
  /** Seals the private keys with the newest key of the installation. */
  sealAnew(): Promise<Rotation>;
};

export type PublicKey = {
  kid: string;
  algorithm: TokenAlgorithm;
  jwk: Record<string, unknown>;
  createdAt: Date;
  retiresAt: Date | null;
};

export type KeyRingOptions = {
  database: Database;
  clock: Clock;
  box: SecretBox;
  algorithm: TokenAlgorithm;
  secretKey: string;
  /** Seconds that a token lives. */
  tokenLifetime: number;
};

export function createKeyRing(options: KeyRingOptions): KeyRing {
  return options.algorithm === 'HS256' ? symmetricKeyRing(options.secretKey) : storedKeyRing(options);
}

/** One key for signing and verifying, derived from SECRET_KEY: nobody else can verify. */
export function symmetricKeyRing(secretKey: string): KeyRing {
  const key = deriveKey(secretKey, 'parley:access-token:v1');
  return {
    algorithm: 'HS256',
    signer: async () => ({ kid: null, algorithm: 'HS256', key }),
    verifier: async (kid) => (kid === undefined ? key : null),
    isGood: (kid) => kid === null,
    publicKeys: async () => [],
    rotate: async () => null,
    refresh: async () => undefined,
    sealAnew: async () => ({ sealed: 0, current: 0, broken: [] }),
  };
}

/** A key of its own for each purpose, so that what is signed for one is worth nothing for another (HKDF, RFC 5869). */
function deriveKey(secret: string, purpose: string): KeyObject {
  // An empty file that should hold the secret would otherwise give a key that everyone can derive.
  if (secret.length === 0) throw new Error('The secret key is empty. Set SECRET_KEY, or remove the empty secret file.');
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32)));
}

type Known = PublicKey & { verifying: KeyObject; signing: KeyObject | null };

/** Another process's rotation is noticed by its notice, by a token with an unknown key, and in any case after this, ms. */
const FRESH_MS = 30_000;
/** How often a token with an unknown key may make this process look again, ms. */
const UNKNOWN_MS = 1_000;
/** Retired keys are kept for as long as an expired token may still end its login. */
const KEPT_MS = 31 * 24 * 60 * 60 * 1000;

function storedKeyRing({ database, clock, box, algorithm, tokenLifetime }: KeyRingOptions): KeyRing {
  let loading: Promise<Map<string, Known>> | null = null;
  let known = new Map<string, Known>();
  let loadedAt = Number.NEGATIVE_INFINITY;

  const load = (): Promise<Map<string, Known>> => {
    loading ??= store
      .listSigningKeys(database.db)
      .then((rows) => {
        known = new Map(rows.map((row) => [row.id, read(row, box)]));
        loadedAt = performance.now();
        return known;
      })
      .finally(() => {
        loading = null;
      });
    return loading;
  };
  const within = async (age: number): Promise<Map<string, Known>> =>
    performance.now() - loadedAt < age ? known : load();
  const isCurrent = ({ retiresAt }: Known): boolean => retiresAt === null || retiresAt > clock.now();
  const signing = (keys: ReadonlyMap<string, Known>): Known | undefined =>
    [...keys.values()].find((key) => key.retiresAt === null && key.signing !== null && key.algorithm === algorithm);

  const make = async (trx: PlatformTransaction, overlapMinutes: number): Promise<string> => {
    const row = newKey(algorithm, box, clock.now());
    await store.insertSigningKey(trx, row);
    const now = clock.now().getTime();
    await store.retireOthers(trx, row.id, new Date(now + overlapMinutes * 60_000));
    await store.deleteRetired(trx, new Date(now - KEPT_MS));
    return row.id;
  };

  /** The first key of an installation, or the first since its SECRET_KEY or JWT_ALGORITHM was changed. */
  const makeFirst = async (): Promise<void> => {
    await database.transaction(async (trx) => {
      await store.lockSigningKeys(trx);
      const rows = await store.listSigningKeys(trx);
      if (signing(new Map(rows.map((row) => [row.id, read(row, box)])))) return;
      await make(trx, tokenLifetime / 60);
    });
  };

  return {
    algorithm,
    signer: async () => {
      let key = signing(await within(FRESH_MS));
      if (!key) {
        await makeFirst();
        key = signing(await load());
      }
      if (!key?.signing) throw new Error('No key signs access tokens.');
      return { kid: key.kid, algorithm, key: key.signing };
    },
    verifier: async (kid, { retired } = { retired: false }) => {
      if (kid === undefined) return null;
      const key = (await within(FRESH_MS)).get(kid) ?? (await within(UNKNOWN_MS)).get(kid);
      return key && (retired || isCurrent(key)) ? key.verifying : null;
    },
    isGood: (kid) => {
      const key = kid === null ? undefined : known.get(kid);
      return key !== undefined && isCurrent(key);
    },
    publicKeys: async () => [...(await within(FRESH_MS)).values()].filter(isCurrent),
    rotate: async (trx, overlapMinutes) => {
      await store.lockSigningKeys(trx);
      return make(trx, overlapMinutes);
    },
    refresh: async () => {
      // One that is under way may have begun before the change.
      await loading;
      await load();
    },
    sealAnew: async () => {
      const rows = await store.listSigningKeys(database.db);
      const broken: string[] = [];
      let sealed = 0;
      for (const row of rows.filter(({ private_key }) => !box.isCurrent(private_key))) {
        const text = opened(row, box);
        if (text === null) broken.push(row.id);
        else {
          await store.replaceSealed(database.db, row.id, box.seal(text, contextOf(row.id)));
          sealed += 1;
        }
      }
      return { sealed, current: rows.length - sealed - broken.length, broken };
    },
  };
}

function contextOf(id: string): string {
  return `signing-key\n${id}`;
}

function newKey(algorithm: TokenAlgorithm, box: SecretBox, now: Date): Omit<store.SigningKeyRow, 'retires_at'> {
  if (algorithm === 'HS256') throw new Error('HS256 has no key of its own.');
  const id = newId();
  const { publicKey, privateKey } =
    algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const public_jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  return { id, algorithm, public_jwk, private_key: box.seal(text, contextOf(id)), created_at: now };
}

/** A private key that cannot be opened was sealed under another SECRET_KEY: it neither signs nor verifies any more. */
function read(row: store.SigningKeyRow, box: SecretBox): Known {
  const text = opened(row, box);
  const { id: kid, algorithm, public_jwk: jwk, created_at: createdAt } = row;
  const retiresAt = text === null ? createdAt : row.retires_at;
  const verifying = createPublicKey({ key: jwk, format: 'jwk' });
  return {
    kid,
    algorithm,
    jwk,
    createdAt,
    retiresAt,
    verifying,
    signing: text === null ? null : createPrivateKey(text),
  };
}

function opened(row: store.SigningKeyRow, box: SecretBox): string | null {
  try {
    return box.open(row.private_key, contextOf(row.id));
  } catch (error) {
    if (error instanceof SealBrokenError) return null;
    throw error;
  }
}
