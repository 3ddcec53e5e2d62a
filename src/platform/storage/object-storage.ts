/**
 * Bytes by key, outside of the database: a folder, or a bucket of an S3-compatible service. Keys are paths like
 * `a/b/c.json`; each is written whole or not at all.
 */
export type ObjectStorage = {
  /** As a person writes it, for logs and records. */
  readonly location: string;
  /** Resolves when it is durable. The same key again replaces what was there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null where there is nothing. */
  get(key: string): Promise<Buffer | null>;
  /** Keys that begin with `prefix`, in order; those behind `after` where it is given. */
  list(prefix: string, after?: string): AsyncIterable<string>;
  delete(key: string): Promise<void>;
};

export type ObjectStorageOptions = {
  /** `http://host/bucket/key` instead of `http://bucket.host/key`; most services that are not AWS want it. */
  pathStyle: boolean;
};
